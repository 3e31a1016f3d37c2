// A plan as data for programs: plain, stable, with the held steps marked.
import type { Fields, Item } from '../model/item.ts';
import type { GuardVerdict, Phase, Plan, StepVerb } from '../model/plan.ts';
import { heldSteps } from './guard.ts';

export interface PlanJson {
  readonly version: 1;
  readonly summary: Readonly<Record<StepVerb | 'held' | 'conflicts' | 'unchanged', number>>;
  readonly steps: readonly StepJson[];
  readonly conflicts: readonly ConflictJson[];
  readonly guards: readonly GuardVerdict[];
  readonly notes: readonly string[];
}

interface StepJson {
  readonly id: string;
  readonly driver: string;
  readonly phase: Phase;
  readonly verb: StepVerb;
  readonly kind: string;
  readonly key: string;
  readonly parent?: string;
  readonly before?: Fields;
  readonly after?: Fields;
  readonly changes: readonly string[];
  readonly how?: string;
  readonly held: boolean;
}

interface ConflictJson {
  readonly driver: string;
  readonly kind: string;
  readonly key: string;
  readonly wanted: Fields;
  readonly found: Fields;
}

export function planToJson(plan: Plan): PlanJson {
  const held = heldSteps(plan);
  const count = (verb: StepVerb) => plan.steps.filter((step) => step.verb === verb).length;
  return {
    version: 1,
    summary: {
      add: count('add'),
      change: count('change'),
      remove: count('remove'),
      adopt: count('adopt'),
      held: held.size,
      conflicts: plan.conflicts.length,
      unchanged: plan.unchanged,
    },
    steps: plan.steps.map((step): StepJson => {
      const { item } = step;
      return {
        id: step.id,
        driver: step.driver,
        phase: step.phase,
        verb: step.verb,
        kind: item.kind,
        key: item.key,
        ...(item.parent === undefined ? {} : { parent: item.parent }),
        ...(step.before === undefined ? {} : { before: step.before }),
        ...(step.verb === 'remove' ? {} : { after: item.fields }),
        changes: step.changes,
        ...(step.how === undefined ? {} : { how: step.how }),
        held: held.has(step.id),
      };
    }),
    conflicts: plan.conflicts.map(({ driver, wanted, found }) => ({
      driver,
      kind: wanted.kind,
      key: wanted.key,
      wanted: wanted.fields,
      found: found.fields,
    })),
    guards: plan.guards,
    notes: plan.notes,
  };
}

/** The plan it was made of, for printing: what a removed item had is known, not what was wanted of it. */
export function planFromJson(json: PlanJson): Plan {
  const items = (kind: string, key: string, fields: Fields | undefined, parent?: string): Item => ({
    kind,
    key,
    fields: fields ?? {},
    ...(parent === undefined ? {} : { parent }),
  });
  return {
    steps: json.steps.map(({ id, driver, phase, verb, kind, key, parent, before, after, changes, how }) => ({
      id,
      driver,
      phase,
      verb,
      item: items(kind, key, after ?? before, parent),
      ...(before === undefined ? {} : { before }),
      changes,
      ...(how === undefined ? {} : { how }),
    })),
    conflicts: json.conflicts.map(({ driver, kind, key, wanted, found }) => ({
      driver,
      wanted: items(kind, key, wanted),
      found: items(kind, key, found),
    })),
    guards: json.guards,
    notes: json.notes,
    unchanged: json.summary.unchanged,
  };
}
