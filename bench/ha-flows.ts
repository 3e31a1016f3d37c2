// A failover under 100,000 real TCP connections through nat, fullnat and onearm at once: which of them go on. One tenth
// speaks all the while, the others stand idle and speak once afterwards. HA_FLOWS sets how many.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { MEMBERS, VIP } from '../lab/daemon-pair.ts';
import type { ManyReport } from '../lab/many-connections.ts';
import { INNER_VIP, SYNC_PORTS, SyncPair } from '../lab/sync-pair.ts';
import { until } from '../lab/until.ts';
import { machine, publish, row } from './report.ts';

const FLOWS = Math.max(100, Number(process.env.HA_FLOWS ?? 100_000));
/** A process may have 20,000 open files where nobody raised that, and a client address has 64,000 ports. */
const CLIENTS = Math.ceil(FLOWS / 17_000);
const MEMBER_PORTS = [8080, 8081, 8082, 8083] as const;
const OPEN_MS = 150_000;

interface Client {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

const pair = await SyncPair.build('bhaf');
const config = (name: 'lb-a' | 'lb-b'): string =>
  pair
    .config(name)
    .replace(/members: \[.*\]/, `members: [${members().join(', ')}]`)
    .replace(/min_age: \w+/, 'min_age: 3s');

function members(): readonly string[] {
  return MEMBERS.flatMap((address) => MEMBER_PORTS.map((port) => `{ address: ${address}, port: ${port} }`));
}

async function startClient(number: number): Promise<Client> {
  const own = `192.0.2.${101 + number}`;
  pair.client.address('eth0', `${own}/24`);
  for (const member of pair.members) member.route(`${own}/32`, 'via', INNER_VIP);
  const share = Math.floor(FLOWS / CLIENTS) + (number < FLOWS % CLIENTS ? 1 : 0);
  const argv = [VIP, Object.values(SYNC_PORTS).join(), own, String(share)];
  const child = await pair.run(pair.client, 'many-connections.ts', ...argv);
  return { child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() };
}

async function check(clients: readonly Client[]): Promise<readonly ManyReport[]> {
  for (const { child } of clients) child.stdin!.write('check\n');
  return Promise.all(
    clients.map(async ({ lines }) => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error('a client of the benchmark ended');
      return JSON.parse(value) as ManyReport;
    }),
  );
}

function shareOf(reports: readonly ManyReport[], kind: 'idle' | 'active'): number {
  const sum = (what: 'total' | 'answered'): number => reports.reduce((all, one) => all + one[kind][what], 0);
  return (sum('answered') / sum('total')) * 100;
}

const flowsOf = async (node: SyncPair['a']): Promise<number> => (await node.ha()).sync?.flows ?? 0;

try {
  for (const host of [pair.client, ...pair.members])
    host.sysctls({ 'net.ipv4.ip_local_port_range': '1024 65535', 'net.ipv4.tcp_max_syn_backlog': 8192 });
  for (const member of pair.members)
    for (const port of MEMBER_PORTS.slice(1)) await pair.run(member, 'echo-server.ts', String(port));
  await pair.startBoth(config);

  const openMs = performance.now();
  const clients = await Promise.all(Array.from({ length: CLIENTS }, (_, number) => startClient(number)));
  const openedMs = performance.now();
  await until('all flows on both nodes', async () => (await flowsOf(pair.b)) >= FLOWS, OPEN_MS);
  const sharedMs = performance.now() - openedMs;
  const known = await flowsOf(pair.b);
  const calm = await check(clients);

  pair.cut('a', true);
  await pair.b.roleIs('active', 30_000);
  const after = await check(clients);

  const waits = after.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
  const calmWaits = calm.flatMap(({ waitsMs }) => waitsMs).sort((a, b) => a - b);
  const at = (values: readonly number[], part: number): number =>
    values[Math.min(values.length - 1, Math.floor(values.length * part))]!;
  const errors = after.flatMap((one) => Object.entries(one.errors));
  if (errors.length > 0) process.stdout.write(`errors: ${JSON.stringify(errors)}\n`);
  const ok = publish({
    name: 'ha-flows',
    conditions: {
      ...machine(),
      connections: FLOWS,
      speaking: waits.length,
      modes: Object.keys(SYNC_PORTS).join(' '),
      advert: '100 ms',
    },
    rows: [
      row('opened in', (openedMs - openMs) / 1000, 's', ''),
      row('all on the other node after', sharedMs / 1000, 's', ''),
      row('flows the other node knew', (known / FLOWS) * 100, '%', '>= 99.9'),
      row('answered before, idle', shareOf(calm, 'idle'), '%', '>= 100'),
      row('idle connections that go on', shareOf(after, 'idle'), '%', '>= 99.9'),
      row('speaking connections that go on', shareOf(after, 'active'), '%', '>= 100'),
      row(
        'longest wait of a speaking one (peer: before), median',
        at(waits, 0.5),
        'ms',
        '',
        at(calmWaits, 0.5),
      ),
      row('the same, 99 of 100', at(waits, 0.99), 'ms', '', at(calmWaits, 0.99)),
      row('the same, the longest', at(waits, 1), 'ms', '', at(calmWaits, 1)),
    ],
  });
  process.exitCode = ok ? 0 : 1;
} finally {
  await pair.close();
}
process.exit();
