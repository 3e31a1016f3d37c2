// Behind a router: BGP active-backup with BFD, and ECMP, where only flows of the node that dies may notice.
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { LabFrr } from '../../lab/frr.ts';
import { ADDRESS_A, ADDRESS_B } from '../../lab/ha-pair.ts';
import { buildRouted, ROUTED_VIP, ROUTER, type Routed, routedConfig } from '../../lab/ha-routed.ts';
import type { FlowReport } from '../../lab/udp-flows.ts';
import { row } from '../report.ts';
import { fastBfd } from './fast-bfd.ts';
import { cutter, distribution, type Progress, SETTLE_MS, type Series, TRIALS, trials } from './trials.ts';

const FLOWS = 64;
const UDP_PORT = '7';
/** A route that flapped is damped. */
const BACK_MS = 60_000;

export async function bgp(series: Series, tell: Progress): Promise<void> {
  const net = await buildRouted('bhag', 'frr');
  try {
    await net.a.start(routedConfig('primary', 'bgp'));
    await net.b.start(routedConfig('secondary', 'bgp'));
    for (const node of [net.a, net.b]) await node.call('tell', { kind: 'vip', vip: 'any', canServe: true });
    await viaA(net);
    const { fail, mend } = cutter(net.a.host);
    const repair = async (): Promise<void> => {
      mend();
      net.a.host.route('default', 'via', ROUTER);
      await viaA(net);
    };
    await trials(series, { client: net.client, address: ROUTED_VIP }, { fail, repair }, tell);
  } finally {
    await net.close();
  }
}

async function viaA(net: Routed): Promise<void> {
  await net.nextHopsAre([ADDRESS_A], BACK_MS);
  await fastBfd([LabFrr.of(net.router), ADDRESS_A], [LabFrr.of(net.a.host), ROUTER]);
  await sleep(500);
}

/** Flows of datagrams over both nodes; one node dies, and comes back. */
export async function ecmp(series: Series, tell: Progress): Promise<void> {
  const net = await buildRouted('bhae', 'bird');
  const program = join(import.meta.dirname, '../../lab/udp-flows.ts');
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
    const both = [ADDRESS_A, ADDRESS_B];
    await net.nextHopsAre(both, BACK_MS);
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
      const ofDead = after.filter((_, at) => before[at]!.nodes.at(-1) === 'primary');
      const ofOther = after.filter((one) => !ofDead.includes(one));
      outages.push(...ofDead.map(({ longestMs }) => longestMs));
      others += ofOther.length;
      touched += ofOther.filter(({ lost, nodes }) => lost > 0 || nodes.length !== 1).length;
      const longest = Math.max(...ofDead.map(({ longestMs }) => longestMs));
      process.stdout.write(
        `  ${series.name} ${i + 1}/${TRIALS}: ${ofDead.length} flows, ${longest} ms at most\n`,
      );
      tell([
        ...distribution(series.name, series.target, outages),
        row(`ECMP, of ${others} flows of the other node, those touched`, touched, '', '<= 0'),
      ]);
      mend();
      net.a.host.route('default', 'via', ROUTER);
      await net.nextHopsAre(both, BACK_MS);
    }
  } finally {
    await net.close();
  }
}
