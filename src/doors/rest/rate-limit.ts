// How many requests one caller may make: a bucket that fills with time. Its memory has an end.

interface Bucket {
  tokens: number;
  atMs: number;
}

const MOST_CALLERS = 10_000;

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /** 0 is no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#burst = perSecond * 2;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** How long the caller should wait; 0 where the request may pass, and is counted. */
  take(caller: string, nowMs: number): number {
    if (this.#perSecond === 0) return 0;
    const bucket = this.#buckets.get(caller) ?? { tokens: this.#burst, atMs: nowMs };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * this.#perSecond);
    bucket.atMs = nowMs;
    // The one asked longest ago goes first: its bucket is full again.
    this.#buckets.delete(caller);
    this.#buckets.set(caller, bucket);
    if (this.#buckets.size > MOST_CALLERS) this.#buckets.delete(this.#buckets.keys().next().value!);
    if (bucket.tokens < 1) return ((1 - bucket.tokens) / this.#perSecond) * 1000;
    bucket.tokens--;
    return 0;
  }
}
