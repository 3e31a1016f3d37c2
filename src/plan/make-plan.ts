// One Plan out of what every driver says about its own part.
import type { DriverPlan } from '../model/driver.ts';
import type { ItemMap, Observed } from '../model/item.ts';
import type { Plan } from '../model/plan.ts';
import { orderSteps } from './order.ts';

export interface DriverPart {
  readonly desired: ItemMap;
  readonly observed: Observed;
  readonly plan: DriverPlan;
}

/** Ordered, not guarded yet. */
export function makePlan(parts: readonly DriverPart[], notes: readonly string[] = []): Plan {
  const steps = parts.flatMap(({ plan }) => plan.steps);
  const conflicts = parts.flatMap(({ plan }) => plan.conflicts);
  const wanted = parts.reduce((sum, { desired }) => sum + desired.size, 0);
  const touched = steps.filter((step) => step.verb !== 'remove').length + conflicts.length;
  return {
    steps: orderSteps(steps),
    conflicts,
    guards: [],
    notes: [...notes, ...parts.flatMap(({ plan }) => plan.notes)],
    unchanged: wanted - touched,
  };
}
