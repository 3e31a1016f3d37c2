// How long things take, in buckets: cheap to add to, small to send, ready for a Prometheus histogram.

/** Upper bounds in milliseconds; one more bucket holds the rest. */
export const LATENCY_BOUNDS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const;

export interface LatencySnapshot {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** Counts by bucket, not cumulative; one longer than the bounds. */
  readonly buckets: readonly number[];
}

export class LatencyHistogram {
  readonly #buckets: number[] = new Array<number>(LATENCY_BOUNDS_MS.length + 1).fill(0);
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    const index = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
    this.#buckets[index === -1 ? LATENCY_BOUNDS_MS.length : index]!++;
    this.#count++;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  snapshot(): LatencySnapshot {
    return { count: this.#count, sumMs: this.#sumMs, maxMs: this.#maxMs, buckets: [...this.#buckets] };
  }
}

/** Upper bound of the bucket that holds the quantile; the largest value seen where that is the last one. */
export function quantileMs(snapshot: LatencySnapshot, quantile: number): number {
  let left = Math.ceil(snapshot.count * quantile);
  for (const [index, count] of snapshot.buckets.entries()) {
    left -= count;
    if (left <= 0) return Math.min(LATENCY_BOUNDS_MS[index] ?? snapshot.maxMs, snapshot.maxMs);
  }
  return 0;
}
