// Applies the steps of a plan in order: by phase and driver, in chunks, so that something newer can overtake a long one.
import type { Clock } from '../lib/clock.ts';
import type { Driver, StepResult } from '../model/driver.ts';
import { BugError, OpError } from '../model/errors.ts';
import type { Step } from '../model/plan.ts';
import { breathe } from './breathe.ts';
import { toLbError, withDeadline } from './deadline.ts';
import type { Overtaking } from './overtake.ts';

export type HoldReason = 'guard' | 'backoff' | 'waiting' | 'parent' | 'superseded';

export interface HeldStep {
  readonly step: Step;
  readonly why: HoldReason;
}

export interface ApplyInput {
  readonly steps: readonly Step[];
  readonly drivers: ReadonlyMap<string, Driver>;
  readonly clock: Clock;
  /** Names of drivers that have work under way; see withDeadline(). */
  readonly busy: Set<string>;
  /** Why a step may not run at all, decided before. */
  holdReason(step: Step): HoldReason | undefined;
  /** Asked between chunks: true stops here, the next round sees what is left. */
  superseded(): boolean;
  /**
   * Asked between chunks before that: what must not wait for the rest. Steps of the plan for listeners that are stale by now
   * are left to the next round, which knows better.
   */
  overtake?(results: readonly StepResult[]): Overtaking | undefined;
  readonly chunkSteps: number;
  readonly timeoutMs: number;
}

export interface ApplyOutcome {
  readonly results: readonly StepResult[];
  readonly held: readonly HeldStep[];
  readonly cut: boolean;
}

export async function applyPlan(input: ApplyInput): Promise<ApplyOutcome> {
  const results: StepResult[] = [];
  const held: HeldStep[] = [];
  /** Objects that should exist and do not: what lives in them cannot be made. */
  const missing = new Set<string>();
  const stale = new Set<string>();
  let cut = false;
  for (const chunk of toChunks(input.steps, input.chunkSteps)) {
    if (results.length > 0 && !cut) {
      // A turn of the event loop: whoever wants to wake the engine gets to say so.
      await breathe();
      const urgent = input.overtake?.(results);
      for (const key of urgent?.stale ?? []) stale.add(key);
      for (const part of toChunks(urgent?.steps ?? [], input.chunkSteps))
        results.push(...(await applyChunk(part, input)));
      cut = input.superseded();
    }
    const ready: Step[] = [];
    for (const step of chunk) {
      const { key, parent = key } = step.item;
      const old = stale.size > 0 && (stale.has(key) || stale.has(parent));
      const why = cut || old ? 'superseded' : (input.holdReason(step) ?? parentHold(step, missing));
      if (why === undefined) ready.push(step);
      else {
        held.push({ step, why });
        // What lives in it waits with it: the next round makes both.
        if (why === 'superseded') stale.add(step.item.key);
        else noteMissing(step, missing);
      }
    }
    if (ready.length === 0) continue;
    for (const result of await applyChunk(ready, input)) {
      results.push(result);
      if (!result.ok) noteMissing(result.step, missing);
    }
  }
  return { results, held, cut };
}

/**
 * Neighbours of one phase and driver, at most `size`; parents and children of one phase stay in order. Those of one reload go
 * together: parted it would take two, and between them a listener would look for what is not there yet.
 */
function* toChunks(steps: readonly Step[], size: number): Generator<readonly Step[]> {
  let chunk: Step[] = [];
  /** Parents in this chunk: a child waits for the next one, to know how its parent fared. */
  let keys = new Set<string>();
  for (const step of steps) {
    const first = chunk[0];
    const fits =
      first === undefined ||
      (first.phase === step.phase &&
        first.driver === step.driver &&
        chunk.length < size &&
        (step.verb === 'remove' ||
          step.how === 'reload' ||
          step.item.parent === undefined ||
          !keys.has(step.item.parent)));
    if (!fits) {
      yield chunk;
      chunk = [];
      keys = new Set();
    }
    chunk.push(step);
    keys.add(step.item.key);
  }
  if (chunk.length > 0) yield chunk;
}

/** A failed change of a listener leaves it serving, and its members must still follow their health: only add and adopt count. */
function noteMissing(step: Step, missing: Set<string>): void {
  if (step.verb === 'add' || step.verb === 'adopt') missing.add(`${step.driver} ${step.item.key}`);
}

function parentHold(step: Step, missing: ReadonlySet<string>): HoldReason | undefined {
  if (step.item.parent === undefined || step.verb === 'remove') return undefined;
  return missing.has(`${step.driver} ${step.item.parent}`) ? 'parent' : undefined;
}

async function applyChunk(steps: readonly Step[], input: ApplyInput): Promise<readonly StepResult[]> {
  const name = steps[0]!.driver;
  const driver = input.drivers.get(name);
  if (driver === undefined) {
    const error = new BugError(`Cannot apply steps of "${name}" as there is no such driver`);
    return steps.map((step) => ({ step, ok: false, error }));
  }
  if (input.busy.has(name)) {
    const error = new OpError(
      'TIMEOUT',
      `Cannot apply steps of "${name}" as it still works on earlier ones`,
      {
        op: 'apply',
        target: name,
      },
    );
    return steps.map((step) => ({ step, ok: false, error }));
  }
  try {
    const what = { op: 'apply', target: name };
    const answered = await withDeadline(input.clock, input.timeoutMs, what, input.busy, (signal) =>
      driver.apply(steps, signal),
    );
    return matchResults(steps, answered, name);
  } catch (cause) {
    const error = toLbError(cause, 'apply', name);
    return steps.map((step) => ({ step, ok: false, error }));
  }
}

/** One result for each step, whatever the driver says: what it forgets did not succeed. */
function matchResults(
  steps: readonly Step[],
  answered: readonly StepResult[],
  driver: string,
): readonly StepResult[] {
  const byId = new Map(answered.map((result) => [result.step.id, result]));
  return steps.map((step) => {
    const result = byId.get(step.id);
    if (result === undefined)
      return {
        step,
        ok: false,
        error: new BugError(`Cannot tell how "${step.id}" went as driver "${driver}" gave no result`),
      };
    return result.ok ? { step, ok: true } : { step, ok: false, error: result.error };
  });
}
