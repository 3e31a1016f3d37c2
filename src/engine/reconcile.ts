// One round: what should be, what is, the steps between, and applying them. The loop around it stands in engine.ts.
import type { Clock } from '../lib/clock.ts';
import type { Driver, StepResult } from '../model/driver.ts';
import type { LbError } from '../model/errors.ts';
import type { Item, ItemMap, Observed } from '../model/item.ts';
import type { Plan, Step } from '../model/plan.ts';
import type { GuardSettings } from '../model/settings.ts';
import type { World } from '../model/world.ts';
import { guard, heldSteps } from '../plan/guard.ts';
import { type DriverPart, makePlan } from '../plan/make-plan.ts';
import { applyPlan, type HeldStep, type HoldReason } from './apply-plan.ts';
import { breathe, isLarge } from './breathe.ts';
import { toLbError, withDeadline } from './deadline.ts';
import type { Overtaking } from './overtake.ts';
import type { Attempt, Retries } from './retries.ts';

export interface RoundInput {
  readonly world: World;
  /** The World of everything configured, for the guard; built only where a limit is near. */
  readonly configured: () => World;
  readonly drivers: readonly Driver[];
  /** Why a driver takes no part now; absent means it does. */
  readonly absent: ReadonlyMap<string, string>;
  readonly guard: GuardSettings;
  readonly loaded: boolean;
  /** Ids of held steps a person has seen and wants applied. */
  readonly confirmed: ReadonlySet<string>;
  readonly retries: Retries;
  /** Names of drivers that still have work under way from an earlier round. */
  readonly busy: Set<string>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly superseded: () => boolean;
  /** Steps that go before the rest of a long plan, by what drivers showed and the results so far. */
  readonly overtake?: (
    observed: (driver: string) => ItemMap,
    results: readonly StepResult[],
  ) => Overtaking | undefined;
  readonly limits: RoundLimits;
}

export interface RoundLimits {
  readonly chunkSteps: number;
  readonly observeTimeoutMs: number;
  readonly applyTimeoutMs: number;
}

export const DEFAULT_LIMITS: RoundLimits = {
  chunkSteps: 256,
  observeTimeoutMs: 30_000,
  applyTimeoutMs: 60_000,
};

/** What one driver wanted and showed in a round. */
export interface DriverView {
  readonly desired: ItemMap;
  /** As read at the start of the round. */
  readonly before: Observed;
  /** The same after the results of this round; what Status tells from. */
  readonly observed: Observed;
}

export interface RoundOutcome {
  readonly plan: Plan;
  readonly results: readonly StepResult[];
  readonly held: readonly HeldStep[];
  readonly cut: boolean;
  readonly views: ReadonlyMap<string, DriverView>;
  readonly driverErrors: ReadonlyMap<string, LbError>;
}

export async function reconcile(input: RoundInput): Promise<RoundOutcome> {
  const { parts, errors, notes } = await lookAtAll(input);
  if (isLarge(input.world)) await breathe();
  const plan = guardPlan(makePlan([...parts.values()], notes), parts, input);
  const guarded = heldSteps(plan);
  const { results, held, cut } = await applyPlan({
    steps: plan.steps,
    drivers: new Map(input.drivers.map((driver) => [driver.name, driver])),
    clock: input.clock,
    busy: input.busy,
    holdReason: (step) => holdReason(step, guarded, input),
    superseded: input.superseded,
    overtake: (soFar) => input.overtake?.((driver) => parts.get(driver)?.observed.items ?? new Map(), soFar),
    chunkSteps: input.limits.chunkSteps,
    timeoutMs: input.limits.applyTimeoutMs,
  });
  recordResults(plan, results, errors, input);
  const views = new Map<string, DriverView>();
  for (const [name, { desired, observed }] of parts)
    views.set(name, { desired, before: observed, observed: afterResults(observed, name, results) });
  return { plan, results, held, cut, views, driverErrors: errors };
}

interface Looked {
  readonly parts: ReadonlyMap<string, DriverPart>;
  readonly errors: ReadonlyMap<string, LbError>;
  readonly notes: readonly string[];
}

/** All drivers at once; one that cannot be read is left alone this round and does not stop the others. */
async function lookAtAll(input: RoundInput): Promise<Looked> {
  const parts = new Map<string, DriverPart>();
  const errors = new Map<string, LbError>();
  const notes: string[] = [];
  const now = input.clock.nowMs();
  const looks = input.drivers.map(async (driver): Promise<DriverPart | LbError | undefined> => {
    const why = input.absent.get(driver.name) ?? busyReason(driver, input);
    if (why !== undefined) {
      notes.push(`${driver.name} is left as it is: ${why}`);
      return undefined;
    }
    const attempt = observeAttempt(driver.name);
    if (input.retries.verdict(attempt, input.world, now) !== 'go') {
      notes.push(`${driver.name} is left as it is: it could not be read and is tried again later`);
      return undefined;
    }
    return look(driver, input).catch((cause: unknown) => toLbError(cause, 'observe', driver.name));
  });
  const looked = await Promise.all(looks);
  input.drivers.forEach((driver, i) => {
    const part = looked[i];
    if (part === undefined) return;
    if (part instanceof Error) errors.set(driver.name, part);
    else parts.set(driver.name, part);
  });
  return { parts, errors, notes };
}

function busyReason(driver: Driver, input: RoundInput): string | undefined {
  return input.busy.has(driver.name) ? 'it still works on what an earlier round gave up on' : undefined;
}

async function look(driver: Driver, input: RoundInput): Promise<DriverPart> {
  const what = { op: 'observe', target: driver.name };
  const desired = driver.desired(input.world);
  if (isLarge(input.world)) await breathe();
  const observed = await withDeadline(
    input.clock,
    input.limits.observeTimeoutMs,
    what,
    input.busy,
    (signal) => driver.observe(signal),
  );
  if (isLarge(input.world)) await breathe();
  return { desired, observed, plan: driver.plan(desired, observed) };
}

/** A confirmation covers the very steps that were held when it was given, and no others. */
function guardPlan(plan: Plan, parts: ReadonlyMap<string, DriverPart>, input: RoundInput): Plan {
  const context = {
    loaded: input.loaded,
    unplaced: input.world.unplaced,
    desired: [...parts.values()].map((part) => part.desired),
    configured: () => configuredIds(parts, input),
  };
  const guarded = guard(plan, input.guard, { ...context, confirmed: false });
  const held = heldSteps(guarded);
  if (held.size === 0 || input.confirmed.size === 0) return guarded;
  const covered = [...held].every((id) => input.confirmed.has(id));
  return covered ? guard(plan, input.guard, { ...context, confirmed: true }) : guarded;
}

function configuredIds(parts: ReadonlyMap<string, DriverPart>, input: RoundInput): ReadonlySet<string> {
  const world = input.configured();
  const ids = new Set<string>();
  for (const driver of input.drivers)
    if (parts.has(driver.name))
      for (const key of driver.desired(world).keys()) ids.add(`${driver.name} ${key}`);
  return ids;
}

function holdReason(step: Step, guarded: ReadonlySet<string>, input: RoundInput): HoldReason | undefined {
  if (guarded.has(step.id)) return 'guard';
  const verdict = input.retries.verdict(stepAttempt(step), input.world, input.clock.nowMs());
  return verdict === 'go' ? undefined : verdict;
}

function recordResults(
  plan: Plan,
  results: readonly StepResult[],
  driverErrors: ReadonlyMap<string, LbError>,
  input: RoundInput,
): void {
  const { retries, world, random } = input;
  const now = input.clock.nowMs();
  const readable = new Set<string>();
  for (const driver of input.drivers) {
    const attempt = observeAttempt(driver.name);
    const error = driverErrors.get(driver.name);
    if (error !== undefined) retries.failed(attempt, error, world, now, random());
    if (error !== undefined || retries.verdict(attempt, world, now) !== 'go') readable.add(attempt.id);
  }
  retries.retain(new Set([...plan.steps.map((step) => step.id), ...readable]));
  for (const result of results)
    if (result.ok) retries.succeeded(result.step.id);
    else retries.failed(stepAttempt(result.step), result.error, world, now, random());
}

function stepAttempt(step: Step): Attempt {
  return { id: step.id, key: step.item.key, item: step.item };
}

function observeAttempt(driver: string): Attempt {
  return { id: `observe ${driver}`, key: driver };
}

/** What the outside looks like after the steps that succeeded. The next round reads it afresh. */
function afterResults(observed: Observed, driver: string, results: readonly StepResult[]): Observed {
  const done = results.filter((result) => result.ok && result.step.driver === driver);
  if (done.length === 0) return observed;
  const items = new Map<string, Item>(observed.items);
  const foreign = new Map<string, Item>(observed.foreign);
  for (const { step } of done) {
    if (step.verb === 'remove') items.delete(step.item.key);
    else items.set(step.item.key, step.item);
    if (step.verb === 'adopt') foreign.delete(step.item.key);
  }
  return { ...observed, items, foreign };
}
