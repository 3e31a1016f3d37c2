// What goes first while a long plan is applied: the weights of members whose health or override changed meanwhile. Pure.
import type { Driver, StepResult } from '../model/driver.ts';
import type { Facts, MemberHealth } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Item, ItemMap } from '../model/item.ts';
import { memberItemKey } from '../model/keys.ts';
import type { Listener } from '../model/listener.ts';
import type { Step } from '../model/plan.ts';
import type { World, WorldListener } from '../model/world.ts';
import { type ResolveOptions, resolve } from '../plan/resolve.ts';

export interface OvertakeInput {
  readonly intent: Intent;
  /** What the round works for, and the facts it was made of. */
  readonly world: World;
  readonly before: Facts;
  readonly now: Facts;
  readonly drivers: readonly Driver[];
  /** What the outside held at the start of the round, and what has been done since. */
  readonly observed: (driver: string) => ItemMap;
  readonly results: readonly StepResult[];
  readonly options: ResolveOptions;
}

export interface Overtaking {
  readonly steps: readonly Step[];
  /** Keys of listeners the plan knows too little of: the next round works for them. */
  readonly stale: ReadonlySet<string>;
}

/** More than this is no single change that must not wait: the round is cut short instead. */
const MOST_POOLS = 64;

/** Undefined where something else than members changed: an address must wait for the order of a whole plan. */
export function overtake(input: OvertakeInput): Overtaking | undefined {
  const { intent, world, before, now, drivers, options } = input;
  if (!sameRoles(before, now)) return undefined;
  const pools = changedPools(before, now);
  if (pools.size > MOST_POOLS) return undefined;
  const listeners: (readonly [string, Listener])[] = [];
  for (const entry of intent.listeners) if (uses(entry[1], pools)) listeners.push(entry);
  // Looking at ten thousand listeners again would take longer than applying a hundred.
  const part = resolve(partOf(intent, listeners), now, options);
  const names = new Set(listeners.map(([name]) => name));
  const was = new Map(world.listeners.filter((one) => names.has(one.name)).map((one) => [one.key, one]));
  const changed = part.listeners.filter((one) => was.get(one.key)?.engine === one.engine);
  if (changed.length !== part.listeners.length || changed.length !== was.size) return undefined;
  const steps = drivers.flatMap((driver) => {
    const mine = changed.filter(({ engine }) => engine === driver.name);
    return mine.length === 0 ? [] : stepsOf(driver, mine, input);
  });
  return { steps, stale: new Set(changed.map(({ key }) => key)) };
}

function partOf(intent: Intent, listeners: readonly (readonly [string, Listener])[]): Intent {
  const names = listeners.flatMap(([, { pool, http }]) => [
    pool,
    ...(http?.rules ?? []).flatMap(({ action }) => (action.kind === 'pool' ? [action.pool] : [])),
  ]);
  const pools = names.flatMap((name) => {
    const pool = intent.pools.get(name);
    return pool === undefined ? [] : [[name, pool] as const];
  });
  return { ...intent, listeners: new Map(listeners), pools: new Map(pools) };
}

function sameRoles(before: Facts, now: Facts): boolean {
  return (
    before.roles.size === now.roles.size &&
    [...now.roles].every(([group, { role }]) => before.roles.get(group)?.role === role)
  );
}

function changedPools(before: Facts, now: Facts): ReadonlySet<string> {
  const pools = new Set<string>();
  const note = (member: string): void => void pools.add(member.slice(0, member.indexOf('/')));
  for (const [member, health] of now.health) if (!sameHealth(before.health.get(member), health)) note(member);
  for (const member of new Set([...before.overrides.keys(), ...now.overrides.keys()]))
    if (before.overrides.get(member) !== now.overrides.get(member)) note(member);
  return pools;
}

function sameHealth(a: MemberHealth | undefined, b: MemberHealth): boolean {
  if (a === b) return true;
  return (
    a?.state === b.state && a.factor === b.factor && a.ramp === b.ramp && a.dynamicWeight === b.dynamicWeight
  );
}

function uses(listener: Listener, pools: ReadonlySet<string>): boolean {
  if (pools.has(listener.pool)) return true;
  const rules = listener.http?.rules ?? [];
  return rules.some(({ action }) => action.kind === 'pool' && pools.has(action.pool));
}

/** Only rows that are there and only their change: what comes and goes needs its place in the order. */
function stepsOf(
  driver: Driver,
  listeners: readonly WorldListener[],
  { observed, results }: OvertakeInput,
): readonly Step[] {
  const wanted = driver.desired({ addresses: [], listeners, certificates: [], unplaced: [] });
  const rows = new Set(
    listeners.flatMap((listener) =>
      listener.members.map((member) => memberItemKey(listener.key, member.key)),
    ),
  );
  const there = knownOf(wanted, observed(driver.name), driver.name, results);
  // The listener itself is as it is: its own change has a place in the plan.
  const desired = new Map([...there].map(([key, item]) => [key, rows.has(key) ? wanted.get(key)! : item]));
  const { steps } = driver.plan(desired, { items: there, foreign: new Map() });
  return steps.filter((step) => step.verb === 'change' && rows.has(step.item.key));
}

/** Of these keys, what the outside holds now. */
function knownOf(
  wanted: ItemMap,
  observed: ItemMap,
  driver: string,
  results: readonly StepResult[],
): Map<string, Item> {
  const known = new Map<string, Item>();
  for (const key of wanted.keys()) {
    const item = observed.get(key);
    if (item !== undefined) known.set(key, item);
  }
  for (const { step, ok } of results) {
    const { key } = step.item;
    if (!ok || step.driver !== driver || !wanted.has(key)) continue;
    if (step.verb === 'remove') known.delete(key);
    else known.set(key, step.item);
  }
  return known;
}
