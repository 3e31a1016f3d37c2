// Health checking at scale: how many checks a second, how late they start, how soon a failure is seen and acted upon.
import { setTimeout as sleep } from 'node:timers/promises';
import { keepHeapSmall } from '../src/app/small-heap.ts';
import { MemoryDriver } from '../src/drivers/memory/memory-driver.ts';
import { Health } from '../src/health/health.ts';
import { LATENCY_BOUNDS_MS, type LatencySnapshot } from '../src/health/latency.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { Intent } from '../src/model/intent.ts';
import { DETECTION, detectionRows } from './health/detection.ts';
import { httpCheck, intentOf, startMembers, tcpCheck } from './health/members.ts';
import { machine, publish, type Row, row } from './report.ts';
import { openTables } from './xdp/tables-only.ts';

// Threads as a daemon has them.
keepHeapSmall(['daemon']);
const members = await startMembers();

const WARM_MS = 5000;

interface Pace {
  readonly perSecond: number;
  readonly lateP99Ms: number;
  /** Of the whole process, as a share of one core. */
  readonly cpuPercent: number;
  readonly allUp: boolean;
}

/** Runs for `seconds`, after an interval and what compiling takes: a rate that is sustained is what is asked for. */
async function pace(intent: Intent, intervalMs: number, seconds: number): Promise<Pace> {
  const health = new Health({ clock: systemClock, onChange: () => {} });
  health.setIntent(intent);
  await sleep(intervalMs + WARM_MS);
  const before = await health.stats();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await sleep(seconds * 1000);
  const after = await health.stats();
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const late = {
    ...after.late,
    count: after.late.count - before.late.count,
    buckets: after.late.buckets.map((count, i) => count - before.late.buckets[i]!),
  };
  const allUp = [...health.health().values()].every((one) => one.state === 'up');
  await health.close();
  return {
    perSecond: ((after.runs - before.runs) / elapsedMs) * 1000,
    lateP99Ms: quantileWithin(late, 0.99),
    cpuPercent: ((user + system) / 1000 / elapsedMs) * 100,
    allUp,
  };
}

/** As Prometheus takes it from a histogram: evenly spread within its bucket, the last of which ends at the worst. */
function quantileWithin({ count, buckets, maxMs }: LatencySnapshot, share: number): number {
  let left = count * share;
  for (const [index, inside] of buckets.entries()) {
    if (left <= inside) {
      const from = LATENCY_BOUNDS_MS[index - 1] ?? 0;
      return from + ((Math.min(LATENCY_BOUNDS_MS[index] ?? maxMs, maxMs) - from) * left) / inside;
    }
    left -= inside;
  }
  return maxMs;
}

async function paceRows(
  name: string,
  count: number,
  intervalMs: number,
  intent: Intent,
  cpuTarget: string,
): Promise<Row[]> {
  const { perSecond, lateP99Ms, cpuPercent, allUp } = await pace(intent, intervalMs, 10);
  if (!allUp) throw new Error(`Cannot quote "${name}" as some members were not seen up`);
  const wanted = Math.round((count / intervalMs) * 1000 * 0.99);
  return [
    row(`${name}: checks a second`, perSecond, '1/s', `>= ${wanted}`),
    row(`${name}: start delay p99`, lateP99Ms, 'ms', '< 20'),
    row(`${name}: one core`, cpuPercent, '%', cpuTarget),
  ];
}

const { tcpPort, httpPort } = members;
// Those of the first trials stay silent.
const others = await startMembers();
const xdp = openTables({ maxListeners: 64, maxMembers: 1024, maxFlows: 65_536 });
const rows = [
  ...(await paceRows('5,000 tcp at 1 s', 5000, 1000, intentOf(5000, tcpPort, tcpCheck(1000)), '< 50')),
  ...(await paceRows('2,000 http at 1 s', 2000, 1000, intentOf(2000, httpPort, httpCheck(1000, 1000)), '')),
  ...(await paceRows('20,000 tcp at 10 s', 20_000, 10_000, intentOf(20_000, tcpPort, tcpCheck(10_000)), '')),
  ...(await detectionRows(new MemoryDriver(), members)),
  ...(await detectionRows(xdp.driver, others, { engine: 'xdp', mode: 'tunnel', scheduler: 'mh' })),
];
await xdp.close();
for (const one of [members, others]) one.close();
const conditions = {
  ...machine(),
  xdp: 'the real driver and tables, no interface',
  detection: DETECTION,
};
process.exitCode = publish({ name: 'health', conditions, rows }) ? 0 : 1;
