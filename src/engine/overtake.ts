// What goes first while a long plan is applied: the weights of members whose health or override changed meanwhile. Pure.
import type { Driver, StepResult } from '../model/driver.ts';
import type { Facts, MemberHealth } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Item, ItemMap } from '../model/item.ts';
import { memberItemKey } from '../model/keys.ts';
import { type Listener, poolsOf } from '../model/listener.ts';
import type { Step } from '../model/plan.ts';
import type { Pool } from '../model/pool.ts';
import { containersOf, type World, type WorldListener } from '../model/world.ts';
import { type ResolveOptions, resolve } from '../plan/resolve.ts';

export interface OvertakeInput {
  readonly intent: Intent;
  /** The facts the round was made of. */
  readonly before: Facts;
  readonly now: Facts;
  readonly drivers: readonly Driver[];
  /** What the outside held at the start of the round, and what has been done since. */
  readonly observed: (driver: string) => ItemMap;
  readonly ground: Ground;
  readonly options: ResolveOptions;
}

export interface Overtaking {
  readonly steps: readonly Step[];
  /** Keys of listeners, and of pools of their rules, that the plan knows too little of: the next round works for them. */
  readonly stale: ReadonlySet<string>;
}

/** What is looked up when it is urgent, of ten thousand listeners: made and kept up while nothing is. */
export class Ground {
  readonly #byPool = new Map<string, (readonly [string, Listener])[]>();
  readonly #placed: ReadonlyMap<string, readonly WorldListener[]>;
  /** The last step that succeeded, by driver and key. */
  readonly #done = new Map<string, Step>();
  #seen = 0;

  constructor({ listeners }: Intent, world: World) {
    for (const entry of listeners)
      for (const pool of poolsOf(entry[1])) {
        const entries = this.#byPool.get(pool);
        if (entries === undefined) this.#byPool.set(pool, [entry]);
        else entries.push(entry);
      }
    this.#placed = Map.groupBy(world.listeners, (one) => one.name);
  }

  /** Only what was added since the last time is looked at. */
  catchUp(results: readonly StepResult[]): void {
    for (; this.#seen < results.length; this.#seen++) {
      const { step, ok } = results[this.#seen]!;
      if (ok) this.#done.set(`${step.driver} ${step.item.key}`, step);
    }
  }

  usersOf(pools: ReadonlySet<string>): ReadonlyMap<string, Listener> {
    return new Map([...pools].flatMap((pool) => this.#byPool.get(pool) ?? []));
  }

  placed(name: string): readonly WorldListener[] {
    return this.#placed.get(name) ?? [];
  }

  done(driver: string, key: string): Step | undefined {
    return this.#done.get(`${driver} ${key}`);
  }
}

/** More than this is no single change that must not wait: the round is cut short instead. */
const MOST_POOLS = 64;

/** Undefined where something else than members changed: an address must wait for the order of a whole plan. */
export function overtake(input: OvertakeInput): Overtaking | undefined {
  const { intent, ground, before, now, drivers, options } = input;
  if (!sameRoles(before, now)) return undefined;
  const pools = changedPools(before, now);
  if (pools.size > MOST_POOLS) return undefined;
  const listeners = ground.usersOf(pools);
  // Looking at ten thousand listeners again would take longer than applying a hundred.
  const part = resolve(partOf(intent, listeners), now, options);
  const was = new Map(
    [...listeners.keys()].flatMap((name) => ground.placed(name).map((one) => [one.key, one] as const)),
  );
  const changed = part.listeners.filter((one) => was.get(one.key)?.engine === one.engine);
  if (changed.length !== part.listeners.length || changed.length !== was.size) return undefined;
  const steps = drivers.flatMap((driver) => {
    const mine = changed.filter(({ engine }) => engine === driver.name);
    return mine.length === 0 ? [] : stepsOf(driver, mine, input);
  });
  return { steps, stale: new Set(changed.flatMap((one) => containersOf(one).map(({ key }) => key))) };
}

function partOf(intent: Intent, listeners: ReadonlyMap<string, Listener>): Intent {
  const pools = new Map<string, Pool>();
  for (const listener of listeners.values())
    for (const name of poolsOf(listener)) {
      const pool = intent.pools.get(name);
      if (pool !== undefined) pools.set(name, pool);
    }
  return { ...intent, listeners, pools };
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
  if (now.health !== before.health)
    for (const [member, health] of now.health)
      if (!sameHealth(before.health.get(member), health)) note(member);
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

/** Only rows that are there and only their change: what comes and goes needs its place in the order. */
function stepsOf(
  driver: Driver,
  listeners: readonly WorldListener[],
  { observed, ground }: OvertakeInput,
): readonly Step[] {
  const wanted = driver.desired({ addresses: [], listeners, certificates: [], unplaced: [] });
  const rows = new Set(
    listeners
      .flatMap(containersOf)
      .flatMap(({ key, members }) => members.map((member) => memberItemKey(key, member.key))),
  );
  const there = knownOf(wanted, observed(driver.name), driver.name, ground);
  // The listener itself is as it is: its own change has a place in the plan.
  const desired = new Map([...there].map(([key, item]) => [key, rows.has(key) ? wanted.get(key)! : item]));
  const { steps } = driver.plan(desired, { items: there, foreign: new Map() });
  return steps.filter((step) => step.verb === 'change' && rows.has(step.item.key));
}

/** Of these keys, what the outside holds now. */
function knownOf(wanted: ItemMap, observed: ItemMap, driver: string, ground: Ground): Map<string, Item> {
  const known = new Map<string, Item>();
  for (const key of wanted.keys()) {
    const step = ground.done(driver, key);
    const item = step === undefined ? observed.get(key) : step.verb === 'remove' ? undefined : step.item;
    if (item !== undefined) known.set(key, item);
  }
  return known;
}
