// From single results to a verdict: rise and fall, first result, flap damping. Pure; time comes in with each result.
import type { FirstResult } from '../model/health-check.ts';

export type Verdict = 'unknown' | 'up' | 'down';

export interface JudgeSettings {
  readonly rise: number;
  readonly fall: number;
  readonly first: FirstResult;
  /** More state changes than this within `flapWindowMs` count as flapping: `rise` is doubled meanwhile. 0 is off. */
  readonly flapLimit: number;
  readonly flapWindowMs: number;
}

export interface CheckResult {
  readonly ok: boolean;
  /** In words a person understands; absent when it passed. */
  readonly error?: string;
  readonly latencyMs: number;
  /** Absolute weight a dynamic check grants. */
  readonly weight?: number;
  /** Wall clock at which the check ended. */
  readonly atMs: number;
}

export interface JudgeState {
  readonly verdict: Verdict;
  readonly sinceMs: number;
  /** Results in a row against the verdict. */
  readonly against: number;
  /** Results seen at all: with none, the verdict is an assumption. */
  readonly seen: number;
  readonly lastError?: string;
  readonly lastResultMs?: number;
  readonly dynamicWeight?: number;
  /** Wall clocks of the latest changes of verdict, newest last; at most flapLimit + 1 of them. */
  readonly changesMs: readonly number[];
}

/** What a member counts as before its first result. */
export function initialState(first: FirstResult, nowMs: number): JudgeState {
  const verdict: Verdict = first === 'first' ? 'unknown' : first;
  return { verdict, sinceMs: nowMs, against: 0, seen: 0, changesMs: [] };
}

/** True while results disagree with the verdict, or nothing is known: then the faster interval applies. */
export function isInDoubt(state: JudgeState): boolean {
  return state.against > 0 || state.seen === 0 || state.verdict === 'unknown';
}

export function isFlapping(state: JudgeState, settings: JudgeSettings, nowMs: number): boolean {
  if (settings.flapLimit === 0) return false;
  const recent = state.changesMs.filter((at) => nowMs - at < settings.flapWindowMs);
  return recent.length > settings.flapLimit;
}

/** How many results in a row turn the present verdict round. With nothing known or assumed, one decides. */
export function resultsNeeded(state: JudgeState, settings: JudgeSettings, nowMs: number): number {
  if (state.verdict === 'unknown') return 1;
  if (state.verdict === 'up') return settings.fall;
  return isFlapping(state, settings, nowMs) ? settings.rise * 2 : settings.rise;
}

export function judge(state: JudgeState, result: CheckResult, settings: JudgeSettings): JudgeState {
  const agrees = state.verdict !== 'unknown' && result.ok === (state.verdict === 'up');
  const against = agrees ? 0 : state.against + 1;
  const turns = !agrees && against >= resultsNeeded(state, settings, result.atMs);
  const verdict: Verdict = turns ? (result.ok ? 'up' : 'down') : state.verdict;
  const next: JudgeState = {
    verdict,
    sinceMs: turns ? result.atMs : state.sinceMs,
    against: turns ? 0 : against,
    seen: state.seen + 1,
    lastResultMs: result.atMs,
    changesMs: turns ? [...state.changesMs, result.atMs].slice(-(settings.flapLimit + 1)) : state.changesMs,
  };
  const lastError = result.error ?? (verdict === 'up' && agrees ? undefined : state.lastError);
  const dynamicWeight = result.ok ? result.weight : state.dynamicWeight;
  return {
    ...next,
    ...(lastError === undefined ? {} : { lastError }),
    ...(dynamicWeight === undefined ? {} : { dynamicWeight }),
  };
}
