import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MemoryDriver } from '../../src/drivers/memory/memory-driver.ts';
import { type Item, type ItemMap, item, itemMap, type Observed } from '../../src/model/item.ts';
import { PHASES, type Plan } from '../../src/model/plan.ts';
import { differingFields, diffItems } from '../../src/plan/diff.ts';
import { makePlan } from '../../src/plan/make-plan.ts';
import { orderSteps } from '../../src/plan/order.ts';
import { createResolver, resolve } from '../../src/plan/resolve.ts';
import { arbitraryPair } from '../fixtures/arbitrary-intent.ts';
import { withPool } from '../fixtures/build-intent.ts';

const ENGINE = { engine: 'memory' } as const;

async function planFor(driver: MemoryDriver, desired: ItemMap): Promise<Plan> {
  const observed = await driver.observe();
  return makePlan([{ desired, observed, plan: driver.plan(desired, observed) }]);
}

/** Observed values are new objects, as a kernel gives them. */
function copy(items: ItemMap): ItemMap {
  return itemMap([...items.values()].map((one) => ({ ...one, fields: { ...one.fields } })));
}

function toText(items: ItemMap): readonly string[] {
  return [...items.values()].map((one) => JSON.stringify([one.kind, one.key, one.parent, one.fields])).sort();
}

/** Items with parents before children, few keys and values, so that two such sets overlap. */
const arbitraryItems: fc.Arbitrary<readonly Item[]> = fc
  .dictionary(
    fc.constantFrom('a', 'b', 'c'),
    fc.tuple(fc.nat(2), fc.dictionary(fc.constantFrom('1', '2', '3'), fc.nat(2))),
  )
  .map((listeners) =>
    Object.entries(listeners).flatMap(([key, [value, members]]) => [
      item('listener', key, { value }),
      ...Object.entries(members).map(([name, weight]) => item('member', `${key} > ${name}`, { weight }, key)),
    ]),
  );

test('apply(plan(desired, observed)) gives the desired state, from any World to any other', async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryPair(), async (pair) => {
      const driver = new MemoryDriver();
      for (const [intent, facts] of pair) {
        const desired = driver.desired(resolve(intent, facts, ENGINE));
        const plan = await planFor(driver, desired);
        const results = await driver.apply(plan.steps);
        assert.ok(results.every((result) => result.ok));
        assert.deepEqual(toText((await driver.observe()).items), toText(desired));
      }
    }),
    { numRuns: 200 },
  );
});

test('plan() of equal states is empty', () => {
  fc.assert(
    fc.property(arbitraryPair(), ([[intent, facts]]) => {
      const desired = new MemoryDriver().desired(resolve(intent, facts, ENGINE));
      const observed: Observed = { items: copy(desired), foreign: new Map() };
      assert.deepEqual(diffItems('d', desired, observed).steps, []);
    }),
    { numRuns: 150 },
  );
});

test('diffItems() is minimal: one step for each item that differs, none for the others', () => {
  fc.assert(
    fc.property(arbitraryItems, arbitraryItems, (before, after) => {
      const desired = itemMap(after);
      const items = copy(itemMap(before));
      const { steps } = diffItems('d', desired, { items, foreign: new Map() });
      const keys = new Set([...desired.keys(), ...items.keys()]);
      const differing = [...keys].filter((key) => {
        const [was, is] = [items.get(key), desired.get(key)];
        return was === undefined || is === undefined || differingFields(was.fields, is.fields).length > 0;
      });
      assert.deepEqual(steps.map((step) => step.item.key).sort(), differing.sort());
    }),
    { numRuns: 500 },
  );
});

test('orderSteps() is a topological order of parents, phases and removals', () => {
  fc.assert(
    fc.property(arbitraryItems, arbitraryItems, (before, after) => {
      const { steps } = diffItems('d', itemMap(after), { items: itemMap(before), foreign: new Map() });
      const ordered = orderSteps(steps);
      assert.deepEqual(ordered.map((step) => step.id).sort(), steps.map((step) => step.id).sort());
      const rank = ordered.map((step) => PHASES.indexOf(step.phase));
      assert.deepEqual(
        rank,
        [...rank].sort((a, b) => a - b),
      );
      const at = new Map(ordered.map((step, i) => [step.item.key, i]));
      ordered.forEach((step, i) => {
        const parent = step.item.parent === undefined ? undefined : at.get(step.item.parent);
        if (parent === undefined) return;
        const other = ordered[parent]!;
        if (step.verb === 'remove' && other.verb === 'remove') assert.ok(i < parent, 'child down first');
        else if (step.verb === 'add' && other.verb === 'add') assert.ok(parent < i, 'parent up first');
      });
    }),
    { numRuns: 500 },
  );
});

test('createResolver() gives what the plain function gives, through any history', () => {
  fc.assert(
    fc.property(fc.array(arbitraryPair(), { minLength: 1, maxLength: 3 }), (history) => {
      const resolver = createResolver(ENGINE);
      for (const [intent, facts] of history.flat()) {
        // Whole, then with one pool replaced: the case memos are for.
        const [pool] = intent.pools.values();
        for (const next of [intent, withPool(intent, { ...pool!, members: pool!.members.slice(1) })])
          assert.deepEqual(resolver.resolve(next, facts), resolve(next, facts, ENGINE));
      }
    }),
    { numRuns: 150 },
  );
});

test('resolve() never gives a member weight the operator took away, nor a present backup beside an ordinary one', () => {
  fc.assert(
    fc.property(arbitraryPair(), ([[intent, facts]]) => {
      for (const listener of resolve(intent, facts, ENGINE).listeners) {
        const pool = intent.pools.get(listener.pool)!;
        const serving = listener.members.filter((row) => row.present && row.effectiveWeight > 0);
        const member = (name: string) => pool.members.find((one) => one.name === name);
        for (const row of listener.members) {
          if (row.reason === 'AdminDrain') assert.equal(row.effectiveWeight, 0);
          if (row.reason === 'AdminDown') assert.equal(row.present, false);
          assert.ok(Number.isInteger(row.effectiveWeight) && row.effectiveWeight <= 65_535);
        }
        const ordinary = pool.members.some(
          (one) => !one.backup && serving.some((row) => row.name === one.name),
        );
        if (ordinary) assert.ok(serving.every((row) => member(row.name)?.backup !== true));
      }
    }),
    { numRuns: 200 },
  );
});
