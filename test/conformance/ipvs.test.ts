// The IPVS driver on the fake kernel, nothing skipped. The guest runs the same suite on the real one.
import { IpvsDriver } from '../../src/drivers/ipvs/ipvs-driver.ts';
import { FakeIpvs } from '../../src/kernel/fake/fake-ipvs.ts';
import { FakeNft } from '../../src/kernel/fake/fake-nft.ts';
import { FakeSysctl } from '../../src/kernel/fake/fake-sysctl.ts';
import { MemoryJournal } from '../../src/kernel/journal.ts';
import { Registry } from '../../src/kernel/registry.ts';
import { testDriver } from './test-driver.ts';

testDriver({
  name: 'ipvs (fake kernel)',
  engine: 'ipvs',
  async create() {
    const journal = new MemoryJournal();
    // A machine where we were before: without any record, equal rows of others would count as ours.
    new Registry(journal, 'test').claim(new Map());
    const ipvs = new FakeIpvs();
    const outside = {
      ipvs,
      nft: new FakeNft(),
      sysctl: new FakeSysctl({
        'net.ipv4.vs.conntrack': '0',
        'net.ipv4.vs.expire_quiescent_template': '0',
        'net.ipv4.vs.expire_nodest_conn': '0',
      }),
    };
    const open = () =>
      new IpvsDriver({
        ...outside,
        registry: new Registry(journal, 'test'),
        timeouts: { tcpSeconds: 600, tcpFinSeconds: 60, udpSeconds: 120 },
      });
    const stranger = new IpvsDriver({ ...outside, registry: new Registry(new MemoryJournal(), 'stranger') });
    const planted = async () => {
      const ours = new Registry(journal, 'test').claims;
      const { items, foreign } = await open().observe();
      return [...foreign.keys()].filter((key) => !items.has(key) && !ours.has(key));
    };
    return {
      driver: open(),
      reopen: async () => open(),
      plantForeign: async (world) => {
        await stranger.apply(
          stranger.plan(stranger.desired(world), { items: new Map(), foreign: new Map() }).steps,
        );
      },
      foreignKeys: planted,
      failOn: async (key) => ipvs.failOn(key, 'EBUSY'),
      close: async () => {},
    };
  },
});
