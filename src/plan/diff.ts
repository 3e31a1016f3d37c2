// What differs between wanted and observed items, by key. Knows no driver: kinds only choose the phase.
import type { DriverPlan } from '../model/driver.ts';
import type { Fields, Item, ItemMap, Observed } from '../model/item.ts';
import type { Conflict, Phase, Step, StepVerb } from '../model/plan.ts';

/** An intention, not a state: it says what to do about a foreign item, so no observation can show it. */
export const ADOPT_FIELD = 'adopt';

export interface DiffOptions {
  /** Overrides the phase that the kind and verb would get. */
  readonly phaseOf?: (verb: StepVerb, item: Item, before?: Fields) => Phase | undefined;
  /** Where a driver knows which can differ: those of the desired; the observed items are then only those too. */
  readonly among?: Iterable<Item>;
  /** How the driver will do a step, told to the reader of the plan. */
  readonly how?: (verb: StepVerb, item: Item, changes: readonly string[]) => string | undefined;
}

export function diffItems(
  driver: string,
  desired: ItemMap,
  observed: Observed,
  options: DiffOptions = {},
): DriverPlan {
  const steps: Step[] = [];
  const conflicts: Conflict[] = [];
  const blocked = new Set<string>();
  let matched = 0;
  for (const wanted of options.among ?? desired.values()) {
    const ours = observed.items.get(wanted.key);
    if (ours !== undefined) {
      matched++;
      if (ours === wanted) continue;
      const changes = differingFields(ours.fields, wanted.fields);
      if (changes.length > 0) steps.push(toStep(driver, 'change', wanted, ours.fields, changes, options));
      continue;
    }
    if (wanted.parent !== undefined && blocked.has(wanted.parent)) {
      // What lives in somebody else's object is not ours to make.
      blocked.add(wanted.key);
      continue;
    }
    const foreign = observed.foreign.get(wanted.key);
    if (foreign === undefined) steps.push(toStep(driver, 'add', wanted, undefined, [], options));
    else if (isAdopted(wanted, desired)) {
      const changes = differingFields(foreign.fields, wanted.fields);
      steps.push(toStep(driver, 'adopt', wanted, foreign.fields, changes, options));
    } else {
      conflicts.push({ driver, wanted, found: foreign });
      blocked.add(wanted.key);
    }
  }
  if (matched < observed.items.size)
    for (const found of observed.items.values())
      if (!desired.has(found.key)) steps.push(toStep(driver, 'remove', found, found.fields, [], options));
  return { steps, conflicts, notes: [] };
}

/** Names in the order of the wanted fields, then those that vanish. */
export function differingFields(before: Fields, after: Fields): readonly string[] {
  const names: string[] = [];
  let shared = 0;
  for (const name in after) {
    if (name in before) shared++;
    if (before[name] !== after[name] && name !== ADOPT_FIELD) names.push(name);
  }
  if (shared < Object.keys(before).length)
    for (const name in before) if (!(name in after) && name !== ADOPT_FIELD) names.push(name);
  return names;
}

/** `memory add-member tcp/192.0.2.10:80 > 10.0.0.1:80` */
export function stepId(driver: string, verb: StepVerb, item: Item): string {
  return `${driver} ${verb}-${item.kind} ${item.key}`;
}

/** The word stands on the listener and covers what lives in it. */
function isAdopted(wanted: Item, desired: ItemMap): boolean {
  if (wanted.fields[ADOPT_FIELD] === true) return true;
  const parent = wanted.parent === undefined ? undefined : desired.get(wanted.parent);
  return parent !== undefined && isAdopted(parent, desired);
}

function toStep(
  driver: string,
  verb: StepVerb,
  item: Item,
  before: Fields | undefined,
  changes: readonly string[],
  options: DiffOptions,
): Step {
  const phase = options.phaseOf?.(verb, item, before) ?? usualPhase(verb, item, before);
  const how = options.how?.(verb, item, changes);
  return {
    id: stepId(driver, verb, item),
    driver,
    phase,
    verb,
    item,
    ...(before === undefined ? {} : { before }),
    changes,
    ...(how === undefined ? {} : { how }),
  };
}

/** What a step of this kind usually is; whatever is neither address, listener nor member prepares or cleans. */
function usualPhase(verb: StepVerb, item: Item, before?: Fields): Phase {
  switch (item.kind) {
    case 'address':
      return verb === 'remove' ? 'withdraw' : 'announce';
    case 'listener':
      if (verb === 'remove') return 'remove-listener';
      return verb === 'add' ? 'add-listener' : 'change-listener';
    case 'pool':
      // Of rules: it lives in its listener, which comes first and goes last.
      return verb === 'remove' ? 'remove-listener' : 'add-listener';
    case 'member':
      if (verb === 'remove') return 'remove-member';
      if (verb === 'add') return 'add-member';
      return isDrain(item.fields, before) ? 'drain' : 'change-member';
    default:
      return verb === 'remove' ? 'clean' : 'prepare';
  }
}

function isDrain(after: Fields, before?: Fields): boolean {
  return after.weight === 0 && before !== undefined && before.weight !== 0;
}
