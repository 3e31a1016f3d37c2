// Conformance: a driver touches what it can prove is its own, and says what stands in its way.
import assert from 'node:assert/strict';
import type { StepResult } from '../../src/model/driver.ts';
import { applyPhases, assertConverged, converge, planOf } from './converge.ts';
import type { ConformanceCase } from './test-driver.ts';

export function ownershipCases(): readonly ConformanceCase[] {
  return [
    {
      name: 'observe() owns only what it made, and foreign objects stay untouched',
      async run({ driver, plantForeign, foreignKeys }, { world }) {
        assert.ok(plantForeign && foreignKeys, 'the fixture can make foreign objects');
        await plantForeign(world({ port: 9999 }));
        const planted = await foreignKeys();

        await converge(driver, world({ port: 80 }));
        await converge(driver, world());

        assert.ok(planted.length > 0);
        assert.deepEqual(await foreignKeys(), planted);
      },
    },
    {
      name: 'plan() makes a conflict of a foreign listener on its key',
      async run({ driver, plantForeign, foreignKeys }, { world }) {
        assert.ok(plantForeign && foreignKeys, 'the fixture can make foreign objects');
        const wanted = world({ port: 80 });
        await plantForeign(wanted);
        const planted = await foreignKeys();

        const { steps, conflicts } = await planOf(driver, wanted);
        await applyPhases(driver, steps);

        assert.ok(conflicts.some((conflict) => conflict.wanted.kind === 'listener'));
        assert.ok(!steps.some((step) => step.item.kind === 'listener' || step.item.kind === 'member'));
        assert.deepEqual(await foreignKeys(), planted);
      },
    },
    {
      name: 'apply() adopts a foreign listener where the listener says so',
      async run({ driver, plantForeign, foreignKeys, releaseForeign }, { world }) {
        assert.ok(plantForeign && foreignKeys, 'the fixture can make foreign objects');
        await plantForeign(world({ port: 80, listener: { scheduler: 'rr' } }));
        const wanted = world({ port: 80, listener: { scheduler: 'lc', adopt: true } });
        const planted = await foreignKeys();

        const { steps, conflicts } = await planOf(driver, wanted);
        let results = await applyPhases(driver, steps);

        assert.deepEqual(conflicts, []);
        assert.ok(steps.some((step) => step.verb === 'adopt' && step.item.kind === 'listener'));
        if (releaseForeign !== undefined) {
          assert.deepEqual(codesOf(results), ['PORT_IN_USE']);
          assert.deepEqual(await foreignKeys(), planted);
          await releaseForeign();
          results = await applyPhases(driver, (await planOf(driver, wanted)).steps);
        }
        assert.ok(results.every((result) => result.ok));
        await assertConverged(driver, wanted);
        assert.deepEqual(await foreignKeys(), []);
      },
    },
  ];
}

/** Of listeners: what lives in one that could not be made fails for that alone. */
function codesOf(results: readonly StepResult[]): readonly string[] {
  return results.flatMap((one) => (one.ok || one.step.item.kind !== 'listener' ? [] : [one.error.code]));
}
