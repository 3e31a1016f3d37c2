// When something ends that an operator asked for, kept over restarts: while the machine is up by its own time, after that by a clock
// that anybody may have set: never longer than was asked for.
import type { BootTime } from '../../kernel/boot-time.ts';

export interface Deadline {
  /** By the wall clock as it stood last. */
  readonly untilMs: number;
  /** What was asked for; absent in what an older release kept. */
  readonly withinMs?: number;
  /** Absent where the machine does not say how long it has been up. */
  readonly until?: BootTime;
}

export function deadlineIn(inMs: number, nowMs: number, up: BootTime | undefined): Deadline {
  return {
    untilMs: nowMs + inMs,
    withinMs: inMs,
    ...(up === undefined ? {} : { until: { ...up, upMs: up.upMs + inMs } }),
  };
}

/** 0 where it is over. */
export function leftOf(
  { until, untilMs, withinMs }: Deadline,
  nowMs: number,
  up: BootTime | undefined,
  longestMs: number,
): number {
  const leftMs = isOfThisBoot(until, up) ? until!.upMs - up!.upMs : untilMs - nowMs;
  return Math.min(Math.max(0, leftMs), withinMs ?? longestMs);
}

export function isOfThisBoot(until: BootTime | undefined, up: BootTime | undefined): boolean {
  return up !== undefined && until?.boot === up.boot;
}
