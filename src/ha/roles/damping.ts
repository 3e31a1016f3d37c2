// A role that comes and goes is trusted less and less: each loss costs a penalty that halves with time, as BGP damps routes.

export interface Damping {
  readonly penalty: number;
  readonly atMs: number;
}

export const CALM: Damping = { penalty: 0, atMs: 0 };

const PER_LOSS = 1000;
const HALF_LIFE_MS = 120_000;
/** Two in a few minutes happen; a third is flapping. */
const FREE = 2500;
const FIRST_DELAY_MS = 2000;
const LONGEST_DELAY_MS = 60_000;
const MAX_PENALTY = 8000;

export function penaltyAt(damping: Damping, nowMs: number): number {
  const age = Math.max(0, nowMs - damping.atMs);
  return damping.penalty * 2 ** (-age / HALF_LIFE_MS);
}

export function afterLoss(damping: Damping, nowMs: number): Damping {
  return { penalty: Math.min(MAX_PENALTY, penaltyAt(damping, nowMs) + PER_LOSS), atMs: nowMs };
}

/** How long becoming active waits. Giving up is never delayed. */
export function delayMs(damping: Damping, nowMs: number): number {
  const over = penaltyAt(damping, nowMs) - FREE;
  return over < 0 ? 0 : Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (over / PER_LOSS));
}
