// How long nobody answers when a node goes: VRRP by keepalived and by FRR, a graceful handover, BFD, BGP and ECMP, beside
// keepalived alone.
// Distributions over several trials; a client asks every 5 ms. HA_TRIALS sets how many (default 20).
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type FrrProgram, LabFrr } from '../lab/frr.ts';
import { frrVrrpConfig, startFrrPair } from '../lab/frr-pair.ts';
import { ADDRESS_A, ADDRESS_B, bfdConfig, buildPair, type Pair, pairConfig, VIP } from '../lab/ha-pair.ts';
import { buildRouted, ROUTED_VIP, ROUTER, type Routed, routedConfig } from '../lab/ha-routed.ts';
import type { Host } from '../lab/netns.ts';
import { PingProbe } from '../lab/ping-probe.ts';
import type { FlowReport } from '../lab/udp-flows.ts';
import { until } from '../lab/until.ts';
import { machine, median, publish, type Row, row } from './report.ts';

const TRIALS = Math.max(1, Number(process.env.HA_TRIALS ?? 20));
const SETTLE_MS = 700;
const BFD_MS = 50;
const ADDRESSES = [ADDRESS_A, ADDRESS_B];

/** Outage of each trial: `fail` breaks something, `repair` brings it back and returns when all is as before. */
async function trials(
  client: Host,
  address: string,
  fail: () => Promise<unknown> | unknown,
  repair: () => Promise<void>,
): Promise<readonly number[]> {
  const outages: number[] = [];
  for (let i = 0; i < TRIALS; i++) {
    const probe = await PingProbe.start(client, address);
    const atMs = Date.now();
    await fail();
    await sleep(SETTLE_MS);
    await probe.answered();
    await probe.stop();
    outages.push(probe.longestSince(atMs));
    await repair();
  }
  return outages;
}

function rowsOf(name: string, outages: readonly number[], target: string, peer?: readonly number[]): Row[] {
  const most = (values: readonly number[]): number => Math.max(...values);
  return [
    row(`${name}, longest of ${outages.length}`, most(outages), 'ms', target, peer && most(peer)),
    row(`${name}, median`, median(outages), 'ms', '', peer && median(peer)),
    row(`${name}, shortest`, Math.min(...outages), 'ms', '', peer && Math.min(...peer)),
  ];
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function cutter(host: Host): { readonly fail: () => void; readonly mend: () => void } {
  return {
    fail: () => void host.ip('link', 'set', 'eth0', 'down'),
    mend: () => void host.ip('link', 'set', 'eth0', 'up'),
  };
}

/** The peer: keepalived as an operator would run it by hand, with the same figures. */
async function keepalivedAlone(): Promise<readonly number[]> {
  const pair = buildPair('bhak');
  const dir = mkdtempSync(join(tmpdir(), 'bhak-'));
  try {
    for (const [node, priority] of [
      [pair.a, 250],
      [pair.b, 200],
    ] as const) {
      const path = join(dir, `${priority}`);
      writeFileSync(path, byHand(priority));
      const argv = [
        'keepalived',
        '-n',
        '-l',
        '-G',
        '-P',
        '-f',
        path,
        '-p',
        `${path}.pid`,
        '-r',
        `${path}.vrrp`,
      ];
      node.host.spawn(argv);
      await sleep(1000);
    }
    const [fail, mend] = [() => pair.cut('a', true), () => pair.cut('a', false)];
    return await trials(pair.client, VIP, fail, async () => {
      mend();
      await sleep(1500);
    });
  } finally {
    await pair.close();
    rmSync(dir, { recursive: true });
  }
}

function byHand(priority: number): string {
  return `vrrp_instance a {
  state BACKUP
  version 3
  interface eth0
  virtual_router_id 51
  priority ${priority}
  advert_int 0.1
  virtual_ipaddress {
    ${VIP}/32 dev eth0
  }
}
`;
}

async function vrrp(): Promise<{ readonly cut: readonly number[]; readonly handover: readonly number[] }> {
  const pair = buildPair('bhav');
  try {
    await pair.a.start(pairConfig('primary'));
    await pair.b.start(pairConfig('secondary'));
    await pair.a.roleIs('active');
    await sleep(1000);
    const [fail, mend] = [() => pair.cut('a', true), () => pair.cut('a', false)];
    const handover = await trials(
      pair.client,
      VIP,
      () => pair.a.call('handover'),
      async () => {
        await pair.a.call('maintenance', false);
        await back(pair);
      },
    );
    const cut = await trials(pair.client, VIP, fail, async () => {
      mend();
      await back(pair);
    });
    return { cut, handover };
  } finally {
    await pair.close();
  }
}

/** A role lost again and again comes back later each time: that is damping, and no part of the outage. */
async function back({ a, b }: Pair): Promise<void> {
  await a.roleIs('active', 120_000);
  await b.roleIs('standby', 120_000);
  await sleep(300);
}

/** Cut off again and again, a pair whose nodes have FRR. */
async function cutWithFrr(
  prefix: string,
  programs: readonly FrrProgram[],
  configOf: (role: 'primary' | 'secondary') => string,
): Promise<readonly number[]> {
  const pair = await startFrrPair(prefix, programs, configOf);
  const settled = async (): Promise<void> => {
    await back(pair);
    if (programs.includes('bfdd')) await fastBfd([pair.frr[0], ADDRESS_B], [pair.frr[1], ADDRESS_A]);
  };
  try {
    await settled();
    const [fail, mend] = [() => pair.cut('a', true), () => pair.cut('a', false)];
    return await trials(pair.client, VIP, fail, async () => {
      mend();
      await settled();
    });
  } finally {
    await pair.close();
  }
}

/** What comes before sessions agreed on their timers would measure those they begin with. */
async function fastBfd(...sides: readonly (readonly [LabFrr, peer: string])[]): Promise<void> {
  for (const [frr, peer] of sides) await until('fast timers', () => frr.hasFastBfd(peer, BFD_MS), 60_000);
}

const bfd = (): Promise<readonly number[]> => cutWithFrr('bhab', ['zebra', 'bfdd'], bfdConfig);

const vrrpByFrr = (): Promise<readonly number[]> => cutWithFrr('bhar', ['zebra', 'vrrpd'], frrVrrpConfig);

async function bgp(): Promise<readonly number[]> {
  const net = await buildRouted('bhag', 'frr');
  try {
    await net.a.start(routedConfig('primary', 'bgp'));
    await net.b.start(routedConfig('secondary', 'bgp'));
    for (const node of [net.a, net.b]) await node.call('tell', { kind: 'vip', vip: 'any', canServe: true });
    await viaA(net);
    const { fail, mend } = cutter(net.a.host);
    return await trials(net.client, ROUTED_VIP, fail, async () => {
      mend();
      net.a.host.route('default', 'via', ROUTER);
      await viaA(net);
    });
  } finally {
    await net.close();
  }
}

async function viaA(net: Routed): Promise<void> {
  await nextHopsAre(net, ADDRESS_A);
  await fastBfd([LabFrr.of(net.router), ADDRESS_A], [LabFrr.of(net.a.host), ROUTER]);
  await sleep(500);
}

async function nextHopsAre(net: Routed, hops: string): Promise<void> {
  const end = performance.now() + 60_000;
  while (net.nextHops().join() !== hops) {
    if (performance.now() > end) throw new Error(`the route goes by ${net.nextHops().join()}`);
    await sleep(50);
  }
}

const FLOWS = 64;
const UDP_PORT = '7';

interface EcmpTrials {
  /** Of each flow of the node that died, in all trials. */
  readonly outages: readonly number[];
  /** Flows of the other node, and those of them that lost a datagram or were answered by somebody else. */
  readonly others: number;
  readonly touched: number;
}

/** Flows of datagrams over both nodes; one node dies, and comes back. */
async function ecmp(): Promise<EcmpTrials> {
  const net = await buildRouted('bhae', 'bird');
  const program = join(import.meta.dirname, '../lab/udp-flows.ts');
  try {
    for (const [node, role] of [
      [net.a, 'primary'],
      [net.b, 'secondary'],
    ] as const) {
      await node.start(routedConfig(role, 'bgp-ecmp'));
      await node.call('tell', { kind: 'vip', vip: 'any', canServe: true });
      await node.roleIs('active');
      const argv = [process.execPath, program, 'serve', ROUTED_VIP, UDP_PORT, role];
      node.host.spawn(argv, { stdio: ['ignore', 'ignore', 'inherit'] });
    }
    const both = ADDRESSES.join();
    await nextHopsAre(net, both);
    const argv = [process.execPath, program, 'ask', ROUTED_VIP, UDP_PORT, String(FLOWS)];
    const client = net.client.spawn(argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: client.stdout! })[Symbol.asyncIterator]();
    await lines.next();
    const seen = async (): Promise<readonly FlowReport[]> => {
      client.stdin!.write('\n');
      return JSON.parse((await lines.next()).value as string) as FlowReport[];
    };
    const { fail, mend } = cutter(net.a.host);
    const outages: number[] = [];
    let [others, touched] = [0, 0];
    for (let i = 0; i < TRIALS; i++) {
      await sleep(SETTLE_MS);
      const before = await seen();
      // Both sides of the cut are asked for.
      await sleep(100);
      fail();
      await sleep(2 * SETTLE_MS);
      const after = await seen();
      after.forEach((flow, at) => {
        if (before[at]!.nodes.at(-1) === 'primary') outages.push(flow.longestMs);
        else {
          others++;
          if (flow.lost > 0 || flow.nodes.length !== 1) touched++;
        }
      });
      mend();
      net.a.host.route('default', 'via', ROUTER);
      await nextHopsAre(net, both);
    }
    return { outages, others, touched };
  } finally {
    await net.close();
  }
}

/** Parts may run one by one (HA_PARTS=vrrp,bfd): all of them take some twelve minutes. */
const PARTS: Readonly<Record<string, () => Promise<readonly Row[]>>> = {
  vrrp: async () => {
    const alone = await keepalivedAlone();
    const { cut, handover } = await vrrp();
    return [
      ...rowsOf('VRRP, node cut off (peer: keepalived alone)', cut, '<= 350', alone),
      ...rowsOf('VRRP, graceful handover', handover, '<= 30'),
    ];
  },
  frr: async () => rowsOf('VRRP by FRR, node cut off', await vrrpByFrr(), '<= 350'),
  bfd: async () => rowsOf('BFD between nodes, node cut off', await bfd(), '<= 200'),
  bgp: async () => rowsOf('BGP active-backup with BFD, node cut off', await bgp(), '<= 300'),
  ecmp: async () => {
    const { outages, others, touched } = await ecmp();
    return [
      ...rowsOf('ECMP, flows of the dead node', outages, '<= 300'),
      row(`ECMP, of ${others} flows of the other node, those touched`, touched, '', '<= 0'),
    ];
  },
};

const rows: Row[] = [];
for (const part of (process.env.HA_PARTS ?? Object.keys(PARTS).join()).split(',')) {
  const run = PARTS[part];
  if (run === undefined)
    throw new Error(`HA_PARTS must be of ${Object.keys(PARTS).join()}: current value is ${part}`);
  rows.push(...(await run()));
}
const ok = publish({
  name: 'ha',
  conditions: {
    ...machine(),
    trials: TRIALS,
    'client asks every': '5 ms',
    advert: '100 ms',
    bfd: '3 x 50 ms',
  },
  rows,
});
process.exit(ok ? 0 : 1);
