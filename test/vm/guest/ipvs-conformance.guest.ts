// The conformance suite on the guest's real IPVS and nftables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execSync, mustSync } from '../../../lab/process.ts';
import { IpvsDriver } from '../../../src/drivers/ipvs/ipvs-driver.ts';
import { FaultyIpvs } from '../../../src/kernel/fake/faulty-ipvs.ts';
import { MemoryJournal } from '../../../src/kernel/journal.ts';
import { IpvsKernel } from '../../../src/kernel/netlink/ipvs-kernel.ts';
import { NftProcess } from '../../../src/kernel/nft-process.ts';
import { Registry } from '../../../src/kernel/registry.ts';
import { SysctlFiles } from '../../../src/kernel/sysctl-files.ts';
import { CAPABILITIES } from '../../../src/model/capabilities.ts';
import { testDriver } from '../../conformance/test-driver.ts';

mustSync(['modprobe', '-a', 'ip_vs', 'nf_tables', 'nf_conntrack', 'nft_ct', 'nft_masq', 'nft_nat']);
mustSync(['modprobe', '-a', 'nft_chain_nat', 'nft_connlimit', 'nft_hash']);

/** Debian builds its kernel without some (`twos`): for those the refusal is tested, not the balancing. */
const missing = CAPABILITIES.ipvs.schedulers.filter(
  (name) => execSync(['modprobe', '-n', `ip_vs_${name}`]).code !== 0,
);

testDriver({
  name: 'ipvs (real kernel)',
  engine: 'ipvs',
  // No KVM on the project's machines.
  slowness: 20,
  capabilities: {
    ...CAPABILITIES.ipvs,
    schedulers: CAPABILITIES.ipvs.schedulers.filter((name) => !missing.includes(name)),
  },
  async create() {
    wipe();
    const journal = new MemoryJournal();
    new Registry(journal, 'test').claim(new Map());
    const kernels: IpvsKernel[] = [];
    const open = (record: MemoryJournal, identity: string) => {
      const kernel = new IpvsKernel();
      kernels.push(kernel);
      const ipvs = new FaultyIpvs(kernel);
      const outside = { nft: new NftProcess(), sysctl: new SysctlFiles(), ipvs };
      const driver = new IpvsDriver({
        ...outside,
        registry: new Registry(record, identity),
        ...(identity === 'test' ? { timeouts: { tcpSeconds: 600, tcpFinSeconds: 60, udpSeconds: 120 } } : {}),
      });
      return { driver, ipvs };
    };
    const { driver, ipvs } = open(journal, 'test');
    const stranger = open(new MemoryJournal(), 'stranger').driver;
    return {
      driver,
      reopen: async () => open(journal, 'test').driver,
      plantForeign: async (world) => {
        const nothing = { items: new Map(), foreign: new Map() };
        await stranger.apply(stranger.plan(stranger.desired(world), nothing).steps);
      },
      foreignKeys: async () => [...(await driver.observe()).foreign.keys()],
      failOn: async (key) => ipvs.failOn(key),
      close: async () => {
        for (const kernel of kernels) kernel.close();
        wipe();
      },
    };
  },
});

test('a scheduler this kernel was built without is refused with its module named', async () => {
  wipe();
  const kernel = new IpvsKernel();
  const service = {
    key: { kind: 'address', family: 4, protocol: 'tcp', address: '192.0.2.10', port: 80 },
    flags: 0,
    timeoutSeconds: 0,
    granularity: 32,
    engine: '',
  } as const;

  const results = await kernel.execute(
    [...missing, 'nonesuch'].map((scheduler) => ({
      kind: 'add-service' as const,
      service: { ...service, scheduler },
    })),
  );

  for (const [index, error] of results.entries()) {
    assert.equal(error?.code, 'IPVS_SCHEDULER_MISSING');
    assert.ok(error.hint.includes(`modprobe ip_vs_${[...missing, 'nonesuch'][index]}`), error.hint);
  }
  kernel.close();
});

function wipe(): void {
  mustSync(['ipvsadm', '-C']);
  mustSync(['nft', 'flush', 'ruleset']);
}
