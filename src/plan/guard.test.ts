import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Item, item, itemMap } from '../model/item.ts';
import type { Plan, Step } from '../model/plan.ts';
import type { GuardSettings } from '../model/settings.ts';
import { diffItems } from './diff.ts';
import { type GuardContext, guard, heldSteps } from './guard.ts';
import { makePlan } from './make-plan.ts';

const SETTINGS: GuardSettings = {
  maxDeletePercent: 30,
  freeDeletions: 2,
  maxAddListeners: 0,
  maxMembersPerListener: 0,
};
const OPEN: GuardContext = { confirmed: false, loaded: true };

function listeners(from: number, to: number): readonly Item[] {
  return Array.from({ length: to - from }, (_, i) => item('listener', `L${from + i}`, { scheduler: 'rr' }));
}

function members(parent: string, count: number, weight = 1): readonly Item[] {
  return Array.from({ length: count }, (_, i) => item('member', `${parent} > ${i}`, { weight }, parent));
}

function planFrom(before: readonly Item[], after: readonly Item[]): Plan {
  const desired = itemMap(after);
  const observed = { items: itemMap(before), foreign: new Map() };
  return makePlan([{ desired, observed, plan: diffItems('d', desired, observed) }]);
}

function verdicts(plan: Plan): readonly (readonly [string, number, number, number])[] {
  return plan.guards.map(({ guard: name, limit, current, held }) => [name, limit, current, held.length]);
}

test('guard() lets a share of up to the limit go', () => {
  const plan = planFrom(listeners(0, 10), listeners(3, 10));

  assert.deepEqual(guard(plan, SETTINGS, OPEN), plan);
});

test('guard() holds every removal above the limit and nothing else', () => {
  const plan = guard(planFrom(listeners(0, 10), [...listeners(4, 10), ...listeners(20, 22)]), SETTINGS, OPEN);

  assert.deepEqual(verdicts(plan), [['max-deletions', 30, 40, 4]]);
  const held = heldSteps(plan);
  assert.deepEqual(
    plan.steps.filter((step) => !held.has(step.id)).map((step) => step.verb),
    ['add', 'add'],
  );
  assert.match(plan.guards[0]!.message, /Cannot remove 4 of 10 objects \(40 %\) unconfirmed/);
});

test('guard() never holds a few', () => {
  assert.deepEqual(guard(planFrom(listeners(0, 2), []), SETTINGS, OPEN).guards, []);
});

test('guard() leaves in place what has no place to go, with all that lives in it', () => {
  const rows = [
    ...listeners(0, 3),
    ...members('L1', 2),
    item('pool', 'L1 pool a', {}, 'L1'),
    ...members('L1 pool a', 1),
  ];
  const unplaced = [
    { listener: 'web', reason: 'EngineUnavailable', detail: 'no ip_vs', keys: ['L1'] },
  ] as const;
  const whole = planFrom(rows, listeners(0, 1));
  const plan = guard(whole, { ...SETTINGS, freeDeletions: 10 }, { ...OPEN, unplaced });

  assert.deepEqual(verdicts(plan), [['engine-missing', 0, 5, 5]]);
  assert.match(plan.guards[0]!.message, /Cannot take listener "web" away .* no place to go: no ip_vs/);
  const held = heldSteps(plan);
  assert.deepEqual(
    plan.steps.filter((step) => !held.has(step.id)).map((step) => step.item.key),
    ['L2'],
  );
  assert.deepEqual(guard(whole, SETTINGS, { ...OPEN, confirmed: true, unplaced }), whole);
});

test('guard() counts a drain as the removal it is for new flows', () => {
  const before = [...listeners(0, 1), ...members('L0', 9)];
  const plan = guard(planFrom(before, [...listeners(0, 1), ...members('L0', 9, 0)]), SETTINGS, OPEN);

  assert.deepEqual(verdicts(plan), [['max-deletions', 30, 90, 9]]);
});

test('guard() does not count what is still configured, and asks only when it must', () => {
  let asked = 0;
  const configured = () => {
    asked++;
    return new Set(listeners(0, 3).map((one) => `d ${one.key}`));
  };

  const many = guard(planFrom(listeners(0, 10), listeners(5, 10)), SETTINGS, { ...OPEN, configured });
  const few = guard(planFrom(listeners(0, 10), listeners(1, 10)), SETTINGS, { ...OPEN, configured });

  assert.deepEqual(many.guards, [], '3 of the 5 are configured, 2 are free');
  assert.deepEqual(few.guards, []);
  assert.equal(asked, 1);
});

test('guard() passes everything a person confirmed', () => {
  const plan = planFrom(listeners(0, 10), []);

  assert.deepEqual(guard(plan, { ...SETTINGS, maxAddListeners: 1 }, { ...OPEN, confirmed: true }).guards, []);
});

test('guard() removes nothing before the first whole load, confirmed or not', () => {
  const plan = planFrom(listeners(0, 10), [...listeners(0, 9), ...listeners(20, 21)]);

  for (const confirmed of [false, true]) {
    const guarded = guard(plan, SETTINGS, { confirmed, loaded: false });
    assert.deepEqual(verdicts(guarded), [['prune-before-load', 0, 1, 1]]);
  }
});

test('guard() holds too many new listeners with what lives in them', () => {
  const wanted = [...listeners(0, 3), ...members('L0', 2)];
  const plan = planFrom([], [...wanted, item('address', 'A', {})]);

  const guarded = guard(plan, { ...SETTINGS, maxAddListeners: 2 }, OPEN);

  assert.deepEqual(verdicts(guarded), [['max-additions', 2, 3, 5]]);
  assert.deepEqual(guard(plan, { ...SETTINGS, maxAddListeners: 3 }, OPEN).guards, []);
});

test('guard() holds the members over the limit of a listener', () => {
  const before = [...listeners(0, 1), ...members('L0', 2)];
  const after = [...listeners(0, 2), ...members('L0', 5), ...members('L1', 3)];
  const context = { ...OPEN, desired: [itemMap(after)] };

  const guarded = guard(planFrom(before, after), { ...SETTINGS, maxMembersPerListener: 3 }, context);

  assert.deepEqual(verdicts(guarded), [['members-per-listener', 3, 5, 2]]);
  const held: readonly Step[] = guarded.steps.filter((step) => heldSteps(guarded).has(step.id));
  assert.ok(held.every((step) => step.item.parent === 'L0' && step.verb === 'add'));
});
