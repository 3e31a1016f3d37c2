// How long to wait before the next try: exponential, capped, with jitter so that many do not retry at once.

export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly factor: number;
  /** Share of the delay that is random, 0-1. */
  readonly jitter: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = { firstMs: 500, maxMs: 30_000, factor: 2, jitter: 0.2 };

/** Delay before try number `attempt` + 1 (attempt counts from 1). `random` is in [0, 1). */
export function backoffMs(
  attempt: number,
  random: number,
  options: BackoffOptions = DEFAULT_BACKOFF,
): number {
  const plain = Math.min(options.maxMs, options.firstMs * options.factor ** (attempt - 1));
  return Math.round(plain * (1 - options.jitter + 2 * options.jitter * random));
}
