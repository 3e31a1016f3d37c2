// When the engine looks again by itself: the drift tick, or sooner where something falls due. Pure.
import type { Facts } from '../model/facts.ts';
import type { WakeReason } from './events.ts';

export interface Due {
  /** Wall clock; absent where nothing is due. */
  readonly atMs: number | undefined;
  readonly reason: WakeReason;
}

export interface NextWake {
  readonly inMs: number;
  readonly reason: WakeReason;
}

/** Never at once: what is overdue waits a millisecond, so that other work gets its turn. */
export function nextWake(tickMs: number, dues: readonly Due[], nowMs: number): NextWake {
  let next: NextWake = { inMs: tickMs, reason: 'drift-tick' };
  for (const { atMs, reason } of dues)
    if (atMs !== undefined && atMs - nowMs < next.inMs) next = { inMs: Math.max(1, atMs - nowMs), reason };
  return next;
}

/** When the next operator's word ends. */
export function nextOverrideEndMs(facts: Facts, nowMs: number): number | undefined {
  let next: number | undefined;
  for (const { untilMs } of facts.overrides.values())
    if (untilMs !== undefined && untilMs > nowMs && (next === undefined || untilMs < next)) next = untilMs;
  return next;
}
