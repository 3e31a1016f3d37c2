// What a round would plan for an Intent that is not in force, against what was observed last. Pure; nothing is touched.

import { stableJson } from '../lib/stable-json.ts';
import type { Driver } from '../model/driver.ts';
import type { Facts, MemberHealth } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import { memberKey } from '../model/keys.ts';
import type { Plan } from '../model/plan.ts';
import type { Member, Pool } from '../model/pool.ts';
import type { World } from '../model/world.ts';
import { assumedFacts } from '../plan/assumed-facts.ts';
import { configuredWorld } from '../plan/configured-world.ts';
import { guard } from '../plan/guard.ts';
import { type DriverPart, makePlan, placeNotes } from '../plan/make-plan.ts';
import { type ResolveOptions, resolve } from '../plan/resolve.ts';
import { ownPart, type Part } from './own-part.ts';
import type { DriverView } from './reconcile.ts';

export interface PreviewInput {
  readonly intent: Intent;
  /** The one that is worked for: what the facts were found out about. */
  readonly inForce: Intent;
  readonly facts: Facts;
  readonly drivers: readonly Driver[];
  /** What each driver showed last; one that has shown nothing takes no part. */
  readonly views: ReadonlyMap<string, DriverView>;
  /** That of the Intent in force. */
  readonly inForceWorld: World;
  /** Only what is of these objects is to be told. */
  readonly part?: Part;
  /** Members that would be taken away go on with the flows they have. */
  readonly withDrains: (world: World) => World;
  readonly options: ResolveOptions;
}

export function previewPlan({
  intent,
  inForce,
  facts,
  inForceWorld,
  part,
  drivers,
  views,
  withDrains,
  options,
}: PreviewInput): Plan {
  // Nobody has checked a new member yet; a plan that leaves them all out would tell nothing.
  const assumed = assumedFacts(intent, facts.nowMs, facts.engines).health;
  const health = new Map([...assumed, ...stillKnown(intent, inForce, facts.health)]);
  const base = resolve(intent, { ...facts, health }, options);
  const world = withDrains(base);
  const parts = drivers.flatMap((driver): (DriverPart & { readonly driver: Driver })[] => {
    const view = views.get(driver.name);
    if (view === undefined) return [];
    const desired = driver.desired(world);
    const { observed } = view;
    return [{ driver, desired, observed, plan: driver.plan(desired, observed) }];
  });
  const plan = guard(makePlan(parts, placeNotes(world)), intent.guard, {
    confirmed: false,
    loaded: true,
    unplaced: world.unplaced,
    desired: parts.map((part) => part.desired),
    configured() {
      const all = configuredWorld(base, intent);
      return new Set(
        parts.flatMap(({ driver }) => [...driver.desired(all).keys()].map((key) => `${driver.name} ${key}`)),
      );
    },
  });
  return part === undefined ? plan : ownPart(plan, { part, drivers, worlds: [inForceWorld, world] });
}

/** Health of members that are asked the same there: of one that has moved it says nothing, though its name is the same. */
function* stillKnown(
  intent: Intent,
  inForce: Intent,
  health: Facts['health'],
): Generator<readonly [string, MemberHealth]> {
  for (const pool of intent.pools.values()) {
    const before = inForce.pools.get(pool.name);
    const members = new Map(before?.members.map((member) => [member.name, member]));
    for (const member of pool.members) {
      const key = memberKey(pool.name, member.name);
      const known = health.get(key);
      const old = members.get(member.name);
      if (known === undefined || old === undefined || before === undefined) continue;
      if (before === pool || questionOf(old, before) === questionOf(member, pool)) yield [key, known];
    }
  }
}

function questionOf({ address, port, checkAddress, checkPort, checks }: Member, pool: Pool): string {
  return stableJson([address, port, checkAddress, checkPort, checks ?? pool.checks]);
}
