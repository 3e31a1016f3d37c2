// Intent to a guarded Plan for one command, against whatever was observed. Assumes checks pass and this node is active.
import type { Driver } from '../model/driver.ts';
import { InputError } from '../model/errors.ts';
import type { Facts, RoleFact } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import { EMPTY_OBSERVED, type ItemMap } from '../model/item.ts';
import type { Plan } from '../model/plan.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import type { Vip } from '../model/vip.ts';
import type { World } from '../model/world.ts';
import { assumedFacts } from '../plan/assumed-facts.ts';
import { guard } from '../plan/guard.ts';
import { makePlan, placeNotes } from '../plan/make-plan.ts';
import { groupOfVip, toWorldAddress } from '../plan/place-addresses.ts';
import { resolve } from '../plan/resolve.ts';
import type { Snapshot } from '../plan/snapshot.ts';
import type { Planes } from './toolbox.ts';

export interface PlanOnceOptions {
  readonly engine?: ConcreteEngine | undefined;
  /** A person confirmed what guards hold back. */
  readonly confirmed: boolean;
  readonly nowMs: number;
  /** `assumed` (or absent): as if this node carried every address. `observed`: active is who holds an address now. */
  readonly roles?: 'assumed' | 'observed';
}

export interface Planned {
  readonly world: World;
  readonly plan: Plan;
  readonly desired: ReadonlyMap<string, ItemMap>;
}

export function worldOf(
  intent: Intent,
  planes: Planes,
  options: Omit<PlanOnceOptions, 'confirmed'>,
  observed: Snapshot = new Map(),
): World {
  const assumed = assumedFacts(intent, options.nowMs, planes.engines);
  const facts =
    options.roles === 'observed' ? { ...assumed, roles: observedRoles(intent, observed) } : assumed;
  return resolve(intent, facts, options.engine === undefined ? {} : { engine: options.engine });
}

/** One command elects nobody: an address of an elected group stays where it is. */
function observedRoles(intent: Intent, observed: Snapshot): Facts['roles'] {
  const seen = observed.get('address') ?? EMPTY_OBSERVED;
  const held = (vip: Vip): boolean => {
    const { key } = toWorldAddress(vip, intent);
    return seen.items.has(key) || seen.foreign.has(key);
  };
  const vips = [...intent.vips.values()];
  const groups = (intent.ha?.groups ?? []).map(({ name }) => {
    const active = vips.some((vip) => groupOfVip(vip, intent)?.name === name && held(vip));
    const fact: RoleFact = active
      ? { role: 'active', epoch: 0, reason: 'Active' }
      : { role: 'standby', epoch: 0, reason: 'Standby' };
    return [name, fact] as const;
  });
  return new Map(groups);
}

export function planOnce(
  intent: Intent,
  planes: Planes,
  observed: Snapshot,
  options: PlanOnceOptions,
): Planned {
  const world = worldOf(intent, planes, options, observed);
  const parts = planes.drivers.map((driver) => {
    const desired = driver.desired(world);
    const seen = observed.get(driver.name) ?? EMPTY_OBSERVED;
    return { name: driver.name, desired, observed: seen, plan: driver.plan(desired, seen) };
  });
  const desired = new Map(parts.map((part) => [part.name, part.desired]));
  const plan = guard(makePlan(parts, placeNotes(world)), intent.guard, {
    confirmed: options.confirmed,
    loaded: true,
    unplaced: world.unplaced,
    desired: [...desired.values()],
  });
  return { world, plan, desired };
}

/** A driver that knows what is wanted also sees who stands in its way, and which files have changed since. */
export async function observeAll(drivers: readonly Driver[], wanted?: World): Promise<Snapshot> {
  if (wanted !== undefined) for (const driver of drivers) driver.desired(wanted);
  const entries = drivers.map(async (driver) => [driver.name, await driver.observe()] as const);
  return new Map(await Promise.all(entries));
}

/** A snapshot that names a driver we do not have would silently count for nothing. */
export function requireKnownDrivers(snapshot: Snapshot, planes: Planes, file: string): void {
  const known = planes.drivers.map((driver) => driver.name);
  const unknown = [...snapshot.keys()].filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  throw new InputError(
    'USAGE',
    `Cannot plan against "${file}" as it holds objects of an unknown driver: current value is "${unknown.join('", "')}"`,
    { hint: `Known drivers are ${known.join(', ')}` },
  );
}
