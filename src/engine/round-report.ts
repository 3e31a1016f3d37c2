// What a finished round is told as: events for those who listen, a record for the history. Pure.
import { joinErrors } from '../model/errors.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Step } from '../model/plan.ts';
import type { RoundSummary } from '../model/status.ts';
import type { World } from '../model/world.ts';
import { renewedKeys } from './drift.ts';
import type { EngineEvent } from './events.ts';
import { RECORDED_STEPS, type RoundRecord } from './history.ts';
import type { RoundReport } from './ports.ts';
import type { RoundOutcome } from './reconcile.ts';
import {
  type Judged,
  judgedIn,
  judgedTransitions,
  quorumTransitions,
  worldTransitions,
} from './transitions.ts';

/** A round and everything it rested on. */
export interface FinishedRound {
  readonly intent: Intent;
  readonly hash: string;
  readonly facts: Facts;
  readonly world: World;
  readonly outcome: RoundOutcome;
  readonly quorum: ReadonlyMap<string, boolean>;
  readonly drift: readonly Step[];
  readonly round: RoundSummary;
}

/** Steps named in one event; the rest is a number. */
const NAMED_STEPS = 10;

const RENEWALS = [
  ['certificate', 'certificates-renewed'],
  ['file', 'files-renewed'],
] as const;

export function roundEvents(
  before: FinishedRound | undefined,
  now: FinishedRound,
  quorumBefore: ReadonlyMap<string, boolean>,
): readonly EngineEvent[] {
  const atMs = now.round.startedMs;
  const events: EngineEvent[] = [];
  if (before !== undefined) {
    events.push(...worldTransitions(before.world, now.world, atMs));
    events.push(...judgedTransitions(judgedMembers(before), judgedMembers(now), atMs));
  }
  events.push(...quorumTransitions(quorumBefore, now.quorum, atMs), ...troubles(before, now, atMs));
  const { drift } = now;
  if (drift.length > 0) {
    const steps = drift.slice(0, NAMED_STEPS).map((step) => step.id);
    events.push({ kind: 'drift-repaired', atMs, steps, count: drift.length });
  }
  const done = now.outcome.results.filter((result) => result.ok).map((result) => result.step);
  for (const [what, kind] of RENEWALS) {
    const names = renewedKeys(done, what);
    if (names.length > 0)
      events.push({ kind, atMs, names: names.slice(0, NAMED_STEPS), count: names.length });
  }
  return events;
}

function judgedMembers({ world, outcome }: FinishedRound): ReadonlyMap<string, Judged> {
  const observed = [...outcome.views.values()].map((view) => view.observed);
  return judgedIn(
    world,
    observed.flatMap(({ judged }) => judged ?? []),
  );
}

/** A guard or conflict is told when it begins, not every round it lasts. */
function troubles(before: FinishedRound | undefined, now: FinishedRound, atMs: number): EngineEvent[] {
  const { plan, results, driverErrors } = now.outcome;
  const events: EngineEvent[] = [];
  const guards = new Set(before?.outcome.plan.guards.map((one) => one.guard));
  for (const { guard, message } of plan.guards)
    if (!guards.has(guard)) events.push({ kind: 'guard-held', atMs, guard, message });
  const conflicts = new Set(before?.outcome.plan.conflicts.map((one) => `${one.driver} ${one.wanted.key}`));
  for (const { driver, wanted } of plan.conflicts)
    if (!conflicts.has(`${driver} ${wanted.key}`))
      events.push({ kind: 'conflict-found', atMs, driver, key: wanted.key });
  const errors = results.flatMap((result) => (result.ok ? [] : [result.error]));
  if (errors.length > 0)
    events.push({ kind: 'steps-failed', atMs, count: errors.length, message: joinErrors(errors) });
  for (const [driver, error] of driverErrors)
    events.push({ kind: 'driver-failed', atMs, driver, message: error.message });
  return events;
}

export function toRecord({ hash, outcome, round }: FinishedRound): RoundRecord {
  const applied = outcome.results.filter((result) => result.ok).map((result) => result.step.id);
  const failed = outcome.results.flatMap((result) =>
    result.ok ? [] : [{ step: result.step.id, message: result.error.message }],
  );
  return {
    number: round.number,
    why: round.why,
    startedMs: round.startedMs,
    durationMs: round.durationMs,
    configHash: hash,
    applied: applied.slice(0, RECORDED_STEPS),
    appliedCount: applied.length,
    failed: failed.slice(0, RECORDED_STEPS),
    failedCount: failed.length,
    heldCount: round.held,
  };
}

export function toReport({ hash, outcome, round }: FinishedRound): RoundReport {
  const errors = outcome.results.flatMap((result) => (result.ok ? [] : [result.error]));
  const all = [...errors, ...outcome.driverErrors.values()];
  return {
    hash,
    plan: outcome.plan,
    applied: round.steps - round.failed,
    failed: all.length,
    held: outcome.held.filter((one) => one.why !== 'superseded').length,
    ...(all.length === 0 ? {} : { message: joinErrors(all, 3) }),
    cut: outcome.cut || outcome.held.some((one) => one.why === 'superseded'),
  };
}
