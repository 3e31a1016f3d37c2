// What goes first while a long plan is applied: the weights of members whose health or override changed meanwhile. Pure.
import type { Driver, StepResult } from '../model/driver.ts';
import type { Item, ItemMap } from '../model/item.ts';
import { memberItemKey } from '../model/keys.ts';
import type { Step } from '../model/plan.ts';
import type { World, WorldListener } from '../model/world.ts';

export interface OvertakeInput {
  /** What the round works for, and what the facts of this moment ask for. */
  readonly before: World;
  readonly after: World;
  readonly drivers: readonly Driver[];
  /** What the outside holds now, as far as this round knows. */
  readonly known: (driver: string) => ItemMap;
}

export interface Overtaking {
  readonly steps: readonly Step[];
  /** Keys of listeners the plan knows too little of: the next round works for them. */
  readonly stale: ReadonlySet<string>;
}

/** More than this is no single change that must not wait: the round is cut short instead. */
const MOST_LISTENERS = 256;

/** Undefined where something else than members of listeners changed: an address must wait for the order of a whole plan. */
export function overtake({ before, after, drivers, known }: OvertakeInput): Overtaking | undefined {
  if (before === after) return { steps: [], stale: new Set() };
  if (!sameBut(before, after)) return undefined;
  const changed: WorldListener[] = [];
  for (let i = 0; i < after.listeners.length; i++) {
    const [was, is] = [before.listeners[i]!, after.listeners[i]!];
    if (was === is) continue;
    if (was.key !== is.key || was.engine !== is.engine || changed.length === MOST_LISTENERS) return undefined;
    changed.push(is);
  }
  const steps = drivers.flatMap((driver) => {
    const mine = changed.filter(({ engine }) => engine === driver.name);
    return mine.length === 0 ? [] : stepsOf(driver, mine, known(driver.name));
  });
  return { steps, stale: new Set(changed.map(({ key }) => key)) };
}

function sameBut(before: World, after: World): boolean {
  const keys = (world: World): string => world.addresses.map(({ key }) => key).join('\n');
  return (
    before.listeners.length === after.listeners.length &&
    before.unplaced.length === after.unplaced.length &&
    (before.addresses === after.addresses || keys(before) === keys(after))
  );
}

/** Only rows that are there and only their change: what comes and goes needs its place in the order. */
function stepsOf(driver: Driver, listeners: readonly WorldListener[], known: ItemMap): readonly Step[] {
  const wanted = driver.desired({ addresses: [], listeners, certificates: [], unplaced: [] });
  const rows = new Set(
    listeners.flatMap((listener) =>
      listener.members.map((member) => memberItemKey(listener.key, member.key)),
    ),
  );
  const [desired, observed] = [new Map<string, Item>(), new Map<string, Item>()];
  for (const [key, item] of wanted) {
    const there = known.get(key);
    if (there === undefined) continue;
    // The listener itself is as it is: its own change has a place in the plan.
    desired.set(key, rows.has(key) ? item : there);
    observed.set(key, there);
  }
  const { steps } = driver.plan(desired, { items: observed, foreign: new Map() });
  return steps.filter((step) => step.verb === 'change' && rows.has(step.item.key));
}

/** What the outside holds after these results. */
export function knownAfter(items: ItemMap, driver: string, results: readonly StepResult[]): ItemMap {
  const known = new Map(items);
  for (const { step, ok } of results) {
    if (!ok || step.driver !== driver) continue;
    if (step.verb === 'remove') known.delete(step.item.key);
    else known.set(step.item.key, step.item);
  }
  return known;
}
