// The part of a plan that is of one project: what its listeners, addresses and certificates make in each data plane. Pure.
import type { Driver } from '../model/driver.ts';
import type { GuardVerdict, Plan } from '../model/plan.ts';
import type { World } from '../model/world.ts';
import { placeNotes } from '../plan/make-plan.ts';
import type { ObjectKind } from './config-port.ts';

/** Whose objects a reader may see. */
export interface Part {
  has(kind: ObjectKind, name: string): boolean;
}

export interface PartInput {
  readonly part: Part;
  readonly drivers: readonly Driver[];
  /** What is in force and what is wanted: a step is about something of either. */
  readonly worlds: readonly [before: World, wanted: World];
}

export function ownPart(plan: Plan, { part, drivers, worlds }: PartInput): Plan {
  const own = new Map(drivers.map((driver) => [driver.name, ownKeys(driver, part, worlds)]));
  const isOwn = (driver: string, key: string): boolean => own.get(driver)?.has(key) === true;
  const steps = plan.steps.filter((step) => isOwn(step.driver, step.item.key));
  const ids = new Set(steps.map(({ id }) => id));
  const [, wanted] = worlds;
  const kept = drivers.flatMap((driver) =>
    [...driver.desired(only(wanted, part, true)).keys()].filter((key) => isOwn(driver.name, key)),
  );
  return {
    steps,
    conflicts: plan.conflicts.filter((one) => isOwn(one.driver, one.wanted.key)),
    guards: plan.guards.flatMap((verdict) => ownVerdict(verdict, ids)),
    notes: placeNotes({
      ...wanted,
      unplaced: wanted.unplaced.filter(({ listener }) => part.has('listener', listener)),
    }),
    unchanged: kept.length - steps.filter(({ verb }) => verb !== 'remove').length,
  };
}

/** What others have a share in, such as a setting of the whole data plane, is nobody's own. */
function ownKeys(driver: Driver, part: Part, worlds: readonly World[]): ReadonlySet<string> {
  const keysOf = (isOwn: boolean) =>
    new Set(worlds.flatMap((world) => [...driver.desired(only(world, part, isOwn)).keys()]));
  return keysOf(true).difference(keysOf(false));
}

function only(world: World, part: Part, isOwn: boolean): World {
  const is = (kind: ObjectKind, name: string): boolean => part.has(kind, name) === isOwn;
  return {
    addresses: world.addresses.filter(({ vip }) => is('vip', vip)),
    listeners: world.listeners.filter(({ name }) => is('listener', name)),
    certificates: world.certificates.filter(({ name }) => is('certificate', name)),
    unplaced: [],
  };
}

/** How many steps of others wait is not told. */
function ownVerdict(verdict: GuardVerdict, ids: ReadonlySet<string>): readonly GuardVerdict[] {
  const held = verdict.held.filter((id) => ids.has(id));
  const message = `Cannot apply this at once as the limit ${verdict.guard} of the node holds it`;
  return held.length === 0 ? [] : [{ ...verdict, message, current: held.length, held }];
}
