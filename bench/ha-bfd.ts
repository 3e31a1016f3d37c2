// BFD while both nodes' main threads do nothing but compute: sessions that go down although everybody is there.
// 3 x 50 ms between real FRR daemons. BFD_SECONDS sets how long (default 600: ten minutes).
import type { LabFrr } from '../lab/frr.ts';
import { startFrrPair } from '../lab/frr-pair.ts';
import { bfdConfig } from '../lab/ha-pair.ts';
import { until } from '../lab/until.ts';
import { machine, publish, row } from './report.ts';

const SECONDS = Math.max(1, Number(process.env.BFD_SECONDS ?? 600));
/** One computation: far longer than the 150 ms after which silence counts. */
const BLOCK_MS = 5000;

interface Counters {
  readonly 'session-down': number;
  readonly 'control-packet-input': number;
}

const pair = await startFrrPair('bhabfd', ['zebra', 'bfdd'], bfdConfig);
const { frr } = pair;
const nodes = [pair.a, pair.b];
const counters = async (one: LabFrr): Promise<Counters> => {
  const [first] = JSON.parse(await one.ask('bfdd', 'show bfd peers counters json')) as Counters[];
  return first!;
};
const roleChanges = (): number =>
  nodes.reduce((sum, { events }) => sum + events.filter(({ kind }) => kind === 'role').length, 0);

try {
  await pair.a.roleIs('active', 30_000);
  await pair.b.roleIs('standby', 30_000);
  await until('both see each other', async () =>
    (await Promise.all(nodes.map((node) => node.status()))).every(({ bfd }) => bfd.peer === true),
  );

  const before = await Promise.all(frr.map(counters));
  const rolesBefore = roleChanges();
  const startMs = performance.now();
  let blockedMs = 0;
  while (performance.now() - startMs < SECONDS * 1000) {
    await Promise.all(nodes.map((node) => node.call('block', BLOCK_MS)));
    blockedMs += BLOCK_MS;
  }
  const tookMs = performance.now() - startMs;
  const after = await Promise.all(frr.map(counters));
  // What happened meanwhile is heard once the main thread is free again.
  await Promise.all(nodes.map((node) => node.status()));

  const grown = (key: keyof Counters): number =>
    after.reduce((sum, one, i) => sum + one[key] - before[i]![key], 0);
  const ok = publish({
    name: 'ha-bfd',
    conditions: {
      ...machine(),
      seconds: Math.round(tookMs / 1000),
      bfd: '3 x 50 ms',
      'busy main threads': 2,
    },
    rows: [
      row('sessions that went down', grown('session-down'), '', '<= 0'),
      row('roles that changed', roleChanges() - rolesBefore, '', '<= 0'),
      row('main threads busy, of the time', (blockedMs / tookMs) * 100, '%', '>= 95'),
      row(
        'control packets a second and session',
        grown('control-packet-input') / (tookMs / 1000) / 2,
        '',
        '>= 15',
      ),
    ],
  });
  process.exitCode = ok ? 0 : 1;
} finally {
  await pair.close();
}
