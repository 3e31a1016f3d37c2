// What the engine does to a driver, without the engine: plan, order, apply phase by phase.
import assert from 'node:assert/strict';
import type { Driver, DriverPlan, StepResult } from '../../src/model/driver.ts';
import { type ItemMap, itemMap, type Observed } from '../../src/model/item.ts';
import type { Step } from '../../src/model/plan.ts';
import type { World } from '../../src/model/world.ts';
import { differingFields } from '../../src/plan/diff.ts';
import { orderSteps } from '../../src/plan/order.ts';

export interface Planned extends DriverPlan {
  readonly desired: ItemMap;
  readonly observed: Observed;
}

export async function planOf(driver: Driver, world: World): Promise<Planned> {
  const desired = driver.desired(world);
  const observed = await driver.observe();
  const plan = driver.plan(desired, observed);
  return { ...plan, steps: orderSteps(plan.steps), desired, observed };
}

/** Applies in phases, as the engine does, and holds the driver to one result for each step. */
export async function applyPhases(driver: Driver, steps: readonly Step[]): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const phase of new Set(steps.map((step) => step.phase))) {
    const group = steps.filter((step) => step.phase === phase);
    const answered = await driver.apply(group);
    assert.deepEqual(
      answered.map((result) => result.step.id).sort(),
      group.map((step) => step.id).sort(),
      `exactly one result for each step of phase ${phase}`,
    );
    results.push(...answered);
  }
  return results;
}

/** Brings the outside to the World and proves that it is there: nothing is left to do and every item reads back. */
export async function converge(driver: Driver, world: World): Promise<Planned> {
  const first = await planOf(driver, world);
  for (const result of await applyPhases(driver, first.steps)) if (!result.ok) throw result.error;
  await assertConverged(driver, world);
  return first;
}

export async function assertConverged(driver: Driver, world: World): Promise<void> {
  const after = await planOf(driver, world);
  assert.deepEqual(
    after.steps.map(({ id, changes, before, item }) => ({ id, changes, before, after: item.fields })),
    [],
    'a second plan is empty',
  );
  for (const [key, wanted] of after.desired) {
    const found = after.observed.items.get(key);
    assert.ok(found, `"${key}" is observed`);
    assert.deepEqual(differingFields(found.fields, wanted.fields), [], `"${key}" reads back as written`);
  }
  for (const key of after.observed.items.keys())
    assert.ok(after.desired.has(key), `"${key}" is owned and wanted`);
}

/** The same items as new objects: what a driver sees that reads a kernel. */
export function copyItems(items: ItemMap): ItemMap {
  return itemMap([...items.values()].map((one) => ({ ...one, fields: { ...one.fields } })));
}
