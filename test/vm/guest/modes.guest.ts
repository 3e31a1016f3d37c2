// Every mode carries real client traffic, over IPv4 and IPv6, TCP and UDP.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { mustSync } from '../../../lab/process.ts';
import { runCheck } from '../../../src/health/run-check.ts';
import { PROBE_MARKS, ProbePaths } from '../../../src/kernel/probe-paths.ts';
import type { Listener } from '../../../src/model/listener.ts';
import { buildMember, TCP_CHECK } from '../../fixtures/build-intent.ts';
import { Balancer } from './balancer.ts';
import { Topology, VIP4, VIP6 } from './topology.ts';

const MODULES = ['ipip', 'ip6_tunnel', 'ip_gre', 'fou', 'nft_masq', 'nf_conntrack'];
const EACH = { m1: 4, m2: 4, m3: 4 };

let net: Topology;
let balancer: Balancer;

before(async () => {
  mustSync(['modprobe', '-a', ...MODULES]);
  net = await Topology.create('modes');
  net.lab.root.address('lb0', `${VIP4}/32`);
  // Deprecated, or the kernel would take it for the source of tunnelled packets, which members refuse as their own address.
  net.lab.root.ip('address', 'add', `${VIP6}/128`, 'dev', 'lb0', 'nodad', 'preferred_lft', '0');
  balancer = new Balancer();
});
after(async () => {
  await balancer.close();
  await net.close();
});

interface Carry {
  readonly family: 4 | 6;
  readonly protocol: 'tcp' | 'udp';
  readonly listener: Partial<Listener>;
  /** Port of the members; packets that are not rewritten keep that of the listener. */
  readonly memberPort: number;
}

async function assertCarried({ family, protocol, listener, memberPort }: Carry): Promise<void> {
  const members = net.members.map((member) =>
    buildMember(family === 4 ? member.address4 : member.address6, { port: memberPort }),
  );

  await balancer.apply({ port: 80, family, members, listener: { scheduler: 'rr', protocol, ...listener } });
  const report = await net.ask({ address: family === 4 ? VIP4 : VIP6, port: 80, protocol });

  assert.deepEqual(report, { answers: EACH, failures: [] });
}

/** Members hold the VIPs and say nothing about them. */
function hideVips(): void {
  for (const { host } of net.members) {
    host.sysctls({ 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 });
    host.ipAll([
      ['address', 'replace', `${VIP4}/32`, 'dev', 'lo'],
      ['address', 'replace', `${VIP6}/128`, 'dev', 'lo', 'nodad'],
    ]);
  }
}

function showVips(): void {
  for (const { host } of net.members) {
    host.ipAll([
      ['address', 'del', `${VIP4}/32`, 'dev', 'lo'],
      ['address', 'del', `${VIP6}/128`, 'dev', 'lo'],
    ]);
  }
}

const CASES = ([4, 6] as const).flatMap((family) =>
  (['tcp', 'udp'] as const).map((protocol) => ({ family, protocol })),
);

describe('members that answer through the balancer', () => {
  before(() => net.answerThrough('balancer'));

  for (const { family, protocol } of CASES)
    test(`nat carries ${protocol} over IPv${family}, to another port`, () =>
      assertCarried({ family, protocol, listener: { mode: 'nat' }, memberPort: 8080 }));
});

describe('members that answer past the balancer', () => {
  before(() => net.answerThrough('router'));

  for (const { family, protocol } of CASES)
    test(`onearm carries ${protocol} over IPv${family}`, () =>
      assertCarried({ family, protocol, listener: { mode: 'onearm' }, memberPort: 8080 }));

  test('fullnat carries tcp from an address of its own', async () => {
    net.lab.root.address('lb0', '10.2.0.200/32');

    await assertCarried({
      family: 4,
      protocol: 'tcp',
      listener: { mode: 'fullnat', sourceAddresses: ['10.2.0.200'] },
      memberPort: 8080,
    });
  });
});

describe('members that hold the VIPs', () => {
  before(() => {
    net.answerThrough('router');
    hideVips();
  });
  after(() => showVips());

  for (const { family, protocol } of CASES)
    test(`dr carries ${protocol} over IPv${family}`, () =>
      assertCarried({ family, protocol, listener: { mode: 'dr' }, memberPort: 80 }));

  for (const type of ['ipip', 'gre', 'gue'] as const)
    test(`tunnel ${type} carries tcp over IPv4`, async () => {
      for (const { host } of net.members) unwrap(host.ip.bind(host), type);

      await assertCarried({
        family: 4,
        protocol: 'tcp',
        listener: { mode: 'tunnel', tunnel: { type, port: 6080, checksum: 'none' } },
        memberPort: 80,
      });
    });

  for (const how of ['dr', 'tunnel'] as const)
    test(`a check via_vip asks the member for the VIP in mode ${how}, which this node holds too`, async () => {
      const [{ address4: member, host }] = net.members as [(typeof net.members)[number]];
      const mark = PROBE_MARKS[how] + 1;
      const check = { ...TCP_CHECK, timeoutMs: 4000, mark };
      const ask = () => runCheck(check, { address: member, port: 80 }, new AbortController().signal);
      const paths = new ProbePaths();
      try {
        assert.deepEqual([...(await paths.set([{ mark, how, member, vip: VIP4 }]))], []);

        assert.deepEqual((await ask()).error, undefined);
        host.ip('address', 'del', `${VIP4}/32`, 'dev', 'lo');
        assert.equal((await ask()).ok, false, 'the member still answers, its VIP does not');
      } finally {
        host.ip('address', 'replace', `${VIP4}/32`, 'dev', 'lo');
        await paths.close();
      }
    });

  test('tunnel ipip carries tcp over IPv6', async () => {
    for (const { host } of net.members) host.ip('link', 'set', 'ip6tnl0', 'up');

    await assertCarried({
      family: 6,
      protocol: 'tcp',
      listener: { mode: 'tunnel', tunnel: { type: 'ipip', port: 6080, checksum: 'none' } },
      memberPort: 80,
    });
  });
});

function unwrap(ip: (...args: readonly string[]) => string, type: 'ipip' | 'gre' | 'gue'): void {
  if (type === 'gue') ip('fou', 'add', 'port', '6080', 'gue');
  ip('link', 'set', type === 'gre' ? 'gre0' : 'tunl0', 'up');
}
