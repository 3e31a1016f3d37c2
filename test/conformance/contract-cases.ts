// Conformance: what apply, plan and observe promise for any World.
import assert from 'node:assert/strict';
import { buildMember } from '../fixtures/build-intent.ts';
import { applyPhases, assertConverged, converge, copyItems, planOf } from './converge.ts';
import type { ConformanceCase } from './test-driver.ts';

/** Listeners of the no-op plan, and how long it may take: generous, so that only a wrong algorithm fails it. */
const MANY = 2000;
const NO_OP_MS = 250;

export function contractCases(slowness = 1): readonly ConformanceCase[] {
  return [
    {
      name: 'plan() of nothing on nothing is empty',
      async run({ driver }, { world }) {
        await converge(driver, world());
      },
    },
    {
      name: 'desired() gives the same items in the same order',
      async run({ driver }, { world }) {
        const once = driver.desired(world({ port: 80 }, { port: 81 }));
        const again = driver.desired(world({ port: 80 }, { port: 81 }));

        assert.deepEqual([...again.values()], [...once.values()]);
      },
    },
    {
      name: 'apply() adds a listener with its members',
      async run({ driver }, { world }) {
        const { steps } = await converge(driver, world({ port: 80 }));

        assert.ok(steps.some((step) => step.verb === 'add' && step.item.kind === 'listener'));
      },
    },
    {
      name: 'apply() removes what is no longer wanted',
      async run({ driver }, { world, members }) {
        await converge(driver, world({ port: 80, members: members(2) }, { port: 81 }));

        await converge(driver, world({ port: 80, members: members(1) }));
        await converge(driver, world());

        assert.equal((await driver.observe()).items.size, 0);
      },
    },
    {
      name: 'apply() succeeds at adding what is there',
      async run({ driver }, { world }) {
        const wanted = world({ port: 80 });
        const { steps } = await converge(driver, wanted);

        const again = await applyPhases(driver, steps);

        assert.ok(again.every((result) => result.ok));
        await assertConverged(driver, wanted);
      },
    },
    {
      name: 'apply() succeeds at removing what is gone',
      async run({ driver }, { world }) {
        await converge(driver, world({ port: 80 }));
        const { steps } = await converge(driver, world());

        const again = await applyPhases(driver, steps);

        assert.ok(steps.length > 0);
        assert.ok(again.every((result) => result.ok));
        await assertConverged(driver, world());
      },
    },
    {
      name: 'apply() changes a member in place',
      async run({ driver }, { world, addresses }) {
        const [one, two] = addresses.members4;
        const weights = (a: number) => [buildMember(one, { weight: a }), buildMember(two, { weight: 5 })];
        await converge(driver, world({ port: 80, members: weights(5) }));

        const { steps } = await converge(driver, world({ port: 80, members: weights(9) }));

        assert.ok(steps.length > 0);
        assert.deepEqual([...new Set(steps.map((step) => step.verb))], ['change']);
      },
    },
    {
      name: 'apply() changes a listener in place and leaves its members alone',
      async run({ driver }, { world }) {
        await converge(driver, world({ port: 80, listener: { scheduler: 'rr' } }));

        const { steps } = await converge(driver, world({ port: 80, listener: { scheduler: 'lc' } }));

        assert.ok(steps.length > 0);
        assert.deepEqual(
          [...new Set(steps.map((step) => `${step.verb} ${step.item.kind}`))],
          ['change listener'],
        );
      },
    },
    {
      name: 'apply() does not depend on the order inside a phase of members',
      async run({ driver }, { world, members }) {
        const wanted = world({ port: 80, members: members(3) }, { port: 81, members: members(3) });
        const { steps } = await planOf(driver, wanted);

        const prepared = steps.filter((step) => step.phase !== 'add-member');
        const adds = steps.filter((step) => step.phase === 'add-member').reverse();
        const after = prepared.findIndex((step) => step.phase === 'announce');
        const at = after === -1 ? prepared.length : after;
        await applyPhases(driver, [...prepared.slice(0, at), ...adds, ...prepared.slice(at)]);

        await assertConverged(driver, wanted);
      },
    },
    {
      name: 'apply() of one failing step does not stop the others',
      async run({ driver, failOn }, { world, members }) {
        assert.ok(failOn, 'the fixture can make one operation fail');
        const wanted = world({ port: 80, members: members(3) });
        const { steps } = await planOf(driver, wanted);
        const victim = steps.find((step) => step.item.kind === 'member')!;

        await failOn(victim.item.key);
        const results = await applyPhases(driver, steps);

        assert.deepEqual(
          results.filter((result) => !result.ok).map((result) => result.step.id),
          [victim.id],
        );
        const left = await planOf(driver, wanted);
        assert.deepEqual(
          left.steps.map((step) => step.id),
          [victim.id],
        );
      },
    },
    {
      name: 'plan() of a large unchanged World is empty and fast',
      async run({ driver }, { world }) {
        const wanted = world(...Array.from({ length: MANY }, (_, i) => ({ port: 1000 + i })));
        const desired = driver.desired(wanted);
        const observed = { items: copyItems(desired), foreign: new Map() };

        const start = performance.now();
        const plan = driver.plan(desired, observed);
        const tookMs = performance.now() - start;

        assert.ok(desired.size >= MANY);
        assert.deepEqual(plan.steps, []);
        assert.ok(tookMs < NO_OP_MS * slowness, `took ${tookMs} ms`);
      },
    },
    {
      name: 'a second instance sees what the first left',
      async run(outside, { world }) {
        const wanted = world({ port: 80 }, { port: 81 });
        await converge(outside.driver, wanted);

        await outside.driver.close();
        const second = await outside.reopen();

        await assertConverged(second, wanted);
        await second.close();
      },
    },
    {
      name: 'counters() are 64 bit and name items',
      async run({ driver }, { world }) {
        if (driver.counters === undefined) return;
        const wanted = world({ port: 80 });
        await converge(driver, wanted);

        const counters = await driver.counters();

        assert.ok(counters.length > 0);
        for (const one of counters) {
          assert.ok(driver.desired(wanted).has(one.key), `"${one.key}" is an item`);
          for (const figure of [one.connections, one.packetsIn, one.packetsOut, one.bytesIn, one.bytesOut])
            assert.equal(typeof figure, 'bigint');
        }
      },
    },
  ];
}
