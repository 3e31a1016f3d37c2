// Steps to the plane, one result each. Rings are settled once for all steps of a call; a listener whose ring could not be
// placed fails those of its steps that had gone well.
import type { StepResult } from '../../model/driver.ts';
import { LbError, OpError } from '../../model/errors.ts';
import type { Step } from '../../model/plan.ts';
import type { Plane } from './plane.ts';
import type { RingBuilder } from './ring-builder.ts';
import { listenerSpec, memberSpec } from './spec.ts';

export async function applySteps(
  plane: Plane,
  builder: RingBuilder,
  steps: readonly Step[],
): Promise<readonly StepResult[]> {
  const results = steps.map((step) => tryStep(plane, step));
  const failures = await plane.settle(builder);
  if (failures.size === 0) return results;
  return results.map((result) => {
    const failure = failures.get(listenerOf(result.step));
    return result.ok && failure !== undefined
      ? { step: result.step, ok: false, error: toError(result.step, failure) }
      : result;
  });
}

function tryStep(plane: Plane, step: Step): StepResult {
  try {
    doStep(plane, step);
    return { step, ok: true };
  } catch (error) {
    return { step, ok: false, error: toError(step, error) };
  }
}

function doStep(plane: Plane, { verb, item }: Step): void {
  if (item.kind === 'listener') {
    if (verb === 'remove') plane.removeListener(item.key);
    else plane.putListener(listenerSpec(item.key, item.fields));
    return;
  }
  const parent = item.parent!;
  const endpoint = item.key.slice(parent.length + ' > '.length);
  if (verb === 'remove') plane.removeMember(parent, endpoint);
  else plane.putMember(parent, memberSpec(endpoint, item.fields));
}

function listenerOf({ item }: Step): string {
  return item.parent ?? item.key;
}

function toError(step: Step, error: unknown): LbError {
  if (error instanceof LbError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new OpError(
    'DRIVER_FAILED',
    `Cannot ${step.verb} "${step.item.key}" in the XDP tables as they refuse it: ${why}`,
    { op: step.verb, target: step.item.key },
    { cause: error },
  );
}
