// From the verdicts of a member's probes to the health of the member. Pure.
import type { MemberHealth, MemberHealthState } from '../model/facts.ts';
import type { JudgeState } from './judge.ts';

/** What is remembered of a member between results. */
export interface MemberRecord {
  readonly state: MemberHealthState;
  readonly sinceMs: number;
  /** When it came back from down; slow start counts from here. Absent for a member that never was down. */
  readonly recoveredMs?: number;
  readonly lastError?: string;
  readonly dynamicWeight?: number;
}

/** All checks must pass; one that failed decides, and names the reason. */
export function combine(
  previous: MemberRecord | undefined,
  states: readonly JudgeState[],
  nowMs: number,
): MemberRecord {
  const failed = states.find((one) => heard(one) === 'down');
  const state: MemberHealthState =
    failed !== undefined ? 'down' : states.every((one) => heard(one) === 'up') ? 'up' : 'unknown';
  const turned = previous === undefined || previous.state !== state;
  const recoveredMs =
    state === 'up' ? (turned && previous?.state === 'down' ? nowMs : previous?.recoveredMs) : undefined;
  const lastError = failed?.lastError ?? states.find((one) => one.lastError !== undefined)?.lastError;
  const weights = states.flatMap((one) => one.dynamicWeight ?? []);
  return {
    state,
    sinceMs: turned ? nowMs : previous.sinceMs,
    ...(recoveredMs === undefined ? {} : { recoveredMs }),
    ...(lastError === undefined ? {} : { lastError }),
    // Two dynamic checks: the more careful one counts.
    ...(weights.length === 0 ? {} : { dynamicWeight: Math.min(...weights) }),
  };
}

/**
 * An assumption is not told as a verdict: until results bear it out or turn it round a member is unknown, whatever it counts as.
 * While all of them were against it, none has.
 */
function heard(state: JudgeState): MemberHealthState {
  return state.against === state.seen ? 'unknown' : state.verdict;
}

export function toMemberHealth(record: MemberRecord, ramp: number): MemberHealth {
  const { state, sinceMs, lastError, dynamicWeight } = record;
  return {
    state,
    factor: 1,
    ramp,
    sinceMs,
    ...(dynamicWeight === undefined ? {} : { dynamicWeight }),
    ...(lastError === undefined ? {} : { lastError }),
  };
}
