// Applies one plan to its end, without a reconcile loop behind it: no retries, nothing that could overtake it.
import type { Planes } from '../cli/toolbox.ts';
import { applyPlan } from '../engine/apply-plan.ts';
import { systemClock } from '../lib/clock.ts';
import type { StepResult } from '../model/driver.ts';
import type { Plan } from '../model/plan.ts';
import { heldSteps } from '../plan/guard.ts';

const CHUNK_STEPS = 500;
const TIMEOUT_MS = 30_000;

export async function applyOnce(planes: Planes, plan: Plan): Promise<readonly StepResult[]> {
  const held = heldSteps(plan);
  const { results } = await applyPlan({
    steps: plan.steps,
    drivers: new Map(planes.drivers.map((driver) => [driver.name, driver])),
    clock: systemClock,
    holdReason: (step) => (held.has(step.id) ? 'guard' : undefined),
    superseded: () => false,
    busy: new Set(),
    chunkSteps: CHUNK_STEPS,
    timeoutMs: TIMEOUT_MS,
  });
  return results;
}
