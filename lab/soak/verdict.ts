// Which failed requests a fault excuses and which it does not: pure, from times alone.
import type { Failure } from '../programs/load.ts';

/** A stretch of time in which requests may fail, and why. */
export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
  readonly why: string;
}

export interface Verdict {
  readonly excused: readonly Failure[];
  readonly lost: readonly Failure[];
  /** Outside windows too, but alone: a SYN that a busy machine dropped is sent again after a second, when the client has gone. */
  readonly scattered: readonly Failure[];
}

/** As many lost ones within a second are an outage. */
const BURST = 3;
const BURST_MS = 1000;

/** A request is excused when any moment of its life lies in a window. */
export function judgeFailures(failures: readonly Failure[], windows: readonly Window[]): Verdict {
  const isExcused = ({ sentMs, endedMs }: Failure): boolean =>
    windows.some(({ fromMs, toMs }) => sentMs <= toMs && endedMs >= fromMs);
  const outside = failures.filter((failure) => !isExcused(failure));
  const inBurst = ({ sentMs }: Failure): boolean =>
    outside.filter((other) => Math.abs(other.sentMs - sentMs) < BURST_MS).length >= BURST;
  return {
    excused: failures.filter(isExcused),
    lost: outside.filter(inBurst),
    scattered: outside.filter((failure) => !inBurst(failure)),
  };
}

/** When and how, a line for each stretch of failures that are less than a second apart. */
export function describeLost(lost: readonly Failure[], startedMs: number): readonly string[] {
  const lines: string[] = [];
  const sorted = [...lost].sort((a, b) => a.sentMs - b.sentMs);
  for (let i = 0; i < sorted.length; ) {
    let end = i;
    while (end + 1 < sorted.length && sorted[end + 1]!.sentMs - sorted[end]!.sentMs < 1000) end++;
    const reasons = [...new Set(sorted.slice(i, end + 1).map(({ why }) => why))].join(', ');
    const at = (failure: Failure): string => ((failure.sentMs - startedMs) / 1000).toFixed(1);
    lines.push(`${end - i + 1} from ${at(sorted[i]!)} s to ${at(sorted[end]!)} s (${reasons})`);
    i = end + 1;
  }
  return lines;
}
