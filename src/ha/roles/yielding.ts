// Standing back from a second master that VRRP itself does not end: nodes with another id, secret or filter never hear each
// other, but each says over the sync link that it is active. Who loses stands back for a while and then listens again.

export interface Yielding {
  readonly untilMs: number;
  readonly holdMs: number;
}

export const NOT_YIELDING: Yielding = { untilMs: Number.NEGATIVE_INFINITY, holdMs: 0 };

const FIRST_HOLD_MS = 10_000;
/** While nobody mends it every look costs a moment with two holders: it is looked less and less often. */
const LONGEST_HOLD_MS = 300_000;

/** Twice as long as the last time, unless it went well for that long since. */
export function yieldAgain(before: Yielding, nowMs: number): Yielding {
  const isNew = nowMs - before.untilMs > before.holdMs;
  const holdMs = isNew ? FIRST_HOLD_MS : Math.min(LONGEST_HOLD_MS, before.holdMs * 2);
  return { untilMs: nowMs + holdMs, holdMs };
}
