import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fields, item } from '../model/item.ts';
import { PHASES, type Phase, type Step, type StepVerb } from '../model/plan.ts';
import { orderSteps } from './order.ts';

function step(phase: Phase, verb: StepVerb, key: string, parent?: string, driver = 'ipvs', kind = 'x'): Step {
  const fields: Fields = {};
  return {
    id: `${driver} ${verb}-${kind} ${key}`,
    driver,
    phase,
    verb,
    item: item(kind, key, fields, parent),
    changes: [],
  };
}

/** The order must come from the rules, not from how the steps came in. */
function orderOf(...steps: readonly Step[]): readonly string[] {
  const forwards = orderSteps(steps).map((one) => one.id);
  const backwards = orderSteps([...steps].reverse()).map((one) => one.id);
  assert.deepEqual(backwards, forwards);
  return orderSteps(steps).map((one) => one.item.key);
}

test('orderSteps() follows the phases', () => {
  const steps = PHASES.map((phase) => step(phase, 'change', phase));

  assert.deepEqual(orderOf(...steps.reverse()), PHASES);
});

test('orderSteps() makes before it breaks: what is new or stronger, then drains, then removals', () => {
  const rank = (phase: Phase) => PHASES.indexOf(phase);

  assert.ok(rank('add-member') < rank('drain'));
  assert.ok(rank('change-member') < rank('drain'));
  assert.ok(rank('drain') < rank('remove-member'));
  assert.ok(rank('remove-member') < rank('remove-listener'));
});

test('orderSteps() takes an address down first and up last', () => {
  const rank = (phase: Phase) => PHASES.indexOf(phase);

  assert.ok(PHASES.every((phase) => phase === 'prepare' || rank('withdraw') <= rank(phase)));
  assert.equal(PHASES.at(-1), 'announce');
});

test('orderSteps() adds parents before their children inside a phase', () => {
  assert.deepEqual(
    orderOf(
      step('prepare', 'add', 'a-leaf', 'm-branch'),
      step('prepare', 'add', 'm-branch', 'z-root'),
      step('prepare', 'add', 'z-root'),
    ),
    ['z-root', 'm-branch', 'a-leaf'],
  );
});

test('orderSteps() removes children before their parents inside a phase', () => {
  assert.deepEqual(
    orderOf(
      step('clean', 'remove', 'a-root'),
      step('clean', 'remove', 'm-branch', 'a-root'),
      step('clean', 'remove', 'z-leaf', 'm-branch'),
    ),
    ['z-leaf', 'm-branch', 'a-root'],
  );
});

test('orderSteps() removes before it adds inside a phase, so that room is made', () => {
  assert.deepEqual(orderOf(step('prepare', 'add', 'a'), step('prepare', 'remove', 'b')), ['b', 'a']);
});

test('orderSteps() sorts by driver, then by key in code points', () => {
  assert.deepEqual(
    orderOf(
      step('add-member', 'add', 'b', undefined, 'xdp'),
      step('add-member', 'add', 'é', undefined, 'ipvs'),
      step('add-member', 'add', 'z', undefined, 'ipvs'),
      step('add-member', 'add', 'B', undefined, 'ipvs'),
    ),
    ['B', 'z', 'é', 'b'],
  );
});

test('orderSteps() does not take an item of another driver for a parent', () => {
  assert.deepEqual(
    orderOf(step('prepare', 'add', 'a', 'z', 'ipvs'), step('prepare', 'add', 'z', undefined, 'xdp')),
    ['a', 'z'],
  );
});

test('orderSteps() ends on parents that go in a circle', () => {
  assert.equal(orderOf(step('prepare', 'add', 'a', 'b'), step('prepare', 'add', 'b', 'a')).length, 2);
});
