// How long the answers of a member's checks took, as Status tells it. Pure.
import type { AnswerTimes } from '../model/status.ts';
import { LATENCY_BOUNDS_MS, type LatencySnapshot, quantileMs } from './latency.ts';

/** Undefined before the first answer. */
export function toAnswerTimes(snapshots: readonly LatencySnapshot[]): AnswerTimes | undefined {
  const all = snapshots.reduce(sum, NOTHING);
  if (all.count === 0) return undefined;
  return {
    count: all.count,
    meanMs: rounded(all.sumMs / all.count),
    p50Ms: rounded(quantileMs(all, 0.5)),
    p99Ms: rounded(quantileMs(all, 0.99)),
    maxMs: rounded(all.maxMs),
    histogram: all.buckets.flatMap((count, i) => {
      const upToMs = LATENCY_BOUNDS_MS[i];
      return count === 0 ? [] : [upToMs === undefined ? { count } : { upToMs, count }];
    }),
  };
}

const NOTHING: LatencySnapshot = {
  count: 0,
  sumMs: 0,
  maxMs: 0,
  buckets: [...LATENCY_BOUNDS_MS, Number.POSITIVE_INFINITY].map(() => 0),
};

function sum(one: LatencySnapshot, other: LatencySnapshot): LatencySnapshot {
  return {
    count: one.count + other.count,
    sumMs: one.sumMs + other.sumMs,
    maxMs: Math.max(one.maxMs, other.maxMs),
    buckets: one.buckets.map((count, i) => count + other.buckets[i]!),
  };
}

/** Microseconds: the rest is noise. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
