// How long things take, in buckets: cheap to add to, ready for a Prometheus histogram, and readable from another thread.

/** Upper bounds in milliseconds; one more bucket holds the rest. */
export const LATENCY_BOUNDS_MS = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000] as const;

export interface LatencySnapshot {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  /** Counts by bucket, not cumulative; one longer than the bounds. */
  readonly buckets: readonly number[];
}

/** Count, sum, maximum, then the buckets. */
export const LATENCY_CELLS = 3 + LATENCY_BOUNDS_MS.length + 1;

export class LatencyHistogram {
  readonly #cells: Float64Array<ArrayBufferLike>;

  /** Over cells that somebody else reads too, or its own. */
  constructor(cells: Float64Array<ArrayBufferLike> = new Float64Array(LATENCY_CELLS)) {
    this.#cells = cells;
  }

  add(ms: number): void {
    const cells = this.#cells;
    const index = LATENCY_BOUNDS_MS.findIndex((bound) => ms <= bound);
    cells[3 + (index === -1 ? LATENCY_BOUNDS_MS.length : index)]!++;
    cells[0]!++;
    cells[1]! += ms;
    if (ms > cells[2]!) cells[2] = ms;
  }

  clear(): void {
    this.#cells.fill(0);
  }

  /** Of another thread it may lack the answer that is being added: nobody waits for anybody. */
  snapshot(): LatencySnapshot {
    const [count = 0, sumMs = 0, maxMs = 0, ...buckets] = this.#cells;
    return { count, sumMs, maxMs, buckets };
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
