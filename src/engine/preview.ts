// What a round would plan for an Intent that is not in force, against what was observed last. Pure; nothing is touched.
import type { Driver } from '../model/driver.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Plan } from '../model/plan.ts';
import type { World } from '../model/world.ts';
import { assumedFacts } from '../plan/assumed-facts.ts';
import { configuredWorld } from '../plan/configured-world.ts';
import { guard } from '../plan/guard.ts';
import { type DriverPart, makePlan } from '../plan/make-plan.ts';
import { type ResolveOptions, resolve } from '../plan/resolve.ts';
import type { DriverView } from './reconcile.ts';

export interface PreviewInput {
  readonly intent: Intent;
  readonly facts: Facts;
  readonly drivers: readonly Driver[];
  /** What each driver showed last; one that has shown nothing takes no part. */
  readonly views: ReadonlyMap<string, DriverView>;
  /** Members that would be taken away go on with the flows they have. */
  readonly withDrains: (world: World) => World;
  readonly options: ResolveOptions;
}

export function previewPlan({ intent, facts, drivers, views, withDrains, options }: PreviewInput): Plan {
  // Nobody has checked a new member yet; a plan that leaves them all out would tell nothing.
  const assumed = assumedFacts(intent, facts.nowMs, facts.engines).health;
  const base = resolve(intent, { ...facts, health: new Map([...assumed, ...facts.health]) }, options);
  const world = withDrains(base);
  const parts = drivers.flatMap((driver): (DriverPart & { readonly driver: Driver })[] => {
    const view = views.get(driver.name);
    if (view === undefined) return [];
    const desired = driver.desired(world);
    const { observed } = view;
    return [{ driver, desired, observed, plan: driver.plan(desired, observed) }];
  });
  const notes = world.unplaced.map(
    ({ listener, detail }) => `listener "${listener}" has no place: ${detail}`,
  );
  return guard(makePlan(parts, notes), intent.guard, {
    confirmed: false,
    loaded: true,
    desired: parts.map((part) => part.desired),
    configured() {
      const all = configuredWorld(base, intent);
      return new Set(
        parts.flatMap(({ driver }) => [...driver.desired(all).keys()].map((key) => `${driver.name} ${key}`)),
      );
    },
  });
}
