// One Plan out of what every driver says about its own part.
import type { DriverPlan } from '../model/driver.ts';
import type { ItemMap, Observed } from '../model/item.ts';
import type { Plan } from '../model/plan.ts';
import type { UnplacedListener, World } from '../model/world.ts';
import { orderSteps } from './order.ts';

export interface DriverPart {
  readonly desired: ItemMap;
  readonly observed: Observed;
  readonly plan: DriverPlan;
}

/** Listeners that should serve and cannot. One that is disabled is as wanted. */
export function withoutPlace(world: World): readonly UnplacedListener[] {
  return world.unplaced.filter(({ reason }) => reason !== 'Disabled');
}

export function placeNotes(world: World): readonly string[] {
  return withoutPlace(world).map(({ listener, detail }) => `listener "${listener}" has no place: ${detail}`);
}

/** Ordered, not guarded yet. */
export function makePlan(parts: readonly DriverPart[], notes: readonly string[] = []): Plan {
  const steps = parts.flatMap(({ plan }) => plan.steps);
  const conflicts = parts.flatMap(({ plan }) => plan.conflicts);
  const wanted = parts.reduce((sum, { desired }) => sum + desired.size, 0);
  const touched = steps.filter((step) => step.verb !== 'remove').length + blockedItems(parts);
  return {
    steps: orderSteps(steps),
    conflicts,
    guards: [],
    notes: [...notes, ...parts.flatMap(({ plan }) => plan.notes)],
    unchanged: wanted - touched,
  };
}

/** Conflicts and the wanted items that live in them, at any depth. */
function blockedItems(parts: readonly DriverPart[]): number {
  let count = 0;
  for (const { desired, plan } of parts) {
    if (plan.conflicts.length === 0) continue;
    const blocked = new Set(plan.conflicts.map((conflict) => conflict.wanted.key));
    // desired() lists parents before their children.
    for (const { key, parent } of desired.values())
      if (parent !== undefined && blocked.has(parent)) blocked.add(key);
    count += blocked.size;
  }
  return count;
}
