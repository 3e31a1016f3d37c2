import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../lib/clock.ts';
import type { Driver, StepResult } from '../model/driver.ts';
import { OpError } from '../model/errors.ts';
import { EMPTY_OBSERVED, item } from '../model/item.ts';
import type { Phase, Step, StepVerb } from '../model/plan.ts';
import { type ApplyInput, applyPlan } from './apply-plan.ts';

function step(phase: Phase, verb: StepVerb, key: string, parent?: string, driver = 'd'): Step {
  return {
    id: `${driver} ${verb} ${key}`,
    driver,
    phase,
    verb,
    item: item('x', key, {}, parent),
    changes: [],
  };
}

const FAILED = new OpError('DRIVER_FAILED', 'refused', { op: 'x' });

/** Fails the keys it is told to, and remembers in which calls steps came. */
function recorder(
  failing: readonly string[] = [],
  answer?: (steps: readonly Step[]) => Promise<readonly StepResult[]>,
) {
  const calls: string[][] = [];
  const driver: Driver = {
    name: 'd',
    desired: () => new Map(),
    plan: () => ({ steps: [], conflicts: [], notes: [] }),
    observe: async () => EMPTY_OBSERVED,
    async apply(steps) {
      calls.push(steps.map((one) => one.item.key));
      if (answer !== undefined) return answer(steps);
      return steps.map((one) =>
        failing.includes(one.item.key) ? { step: one, ok: false, error: FAILED } : { step: one, ok: true },
      );
    },
    close: async () => {},
  };
  return { driver, calls };
}

function input(driver: Driver, steps: readonly Step[], more: Partial<ApplyInput> = {}): ApplyInput {
  return {
    steps,
    drivers: new Map([['d', driver]]),
    clock: new FakeClock(),
    busy: new Set(),
    holdReason: () => undefined,
    superseded: () => false,
    chunkSteps: 2,
    timeoutMs: 1000,
    ...more,
  };
}

test('applyPlan() hands over chunks of one phase and driver', async () => {
  const { driver, calls } = recorder();
  const steps = ['a', 'b', 'c'].map((key) => step('add-member', 'add', key));

  await applyPlan(input(driver, [...steps, step('drain', 'change', 'z')]));

  assert.deepEqual(calls, [['a', 'b'], ['c'], ['z']]);
});

test('applyPlan() holds what lives in what could not be made, at any depth, and goes on with the rest', async () => {
  const { driver, calls } = recorder(['root']);

  const { held, results } = await applyPlan(
    input(driver, [
      step('prepare', 'add', 'root'),
      step('prepare', 'add', 'branch', 'root'),
      step('prepare', 'add', 'leaf', 'branch'),
      step('prepare', 'add', 'other'),
    ]),
  );

  assert.deepEqual(
    held.map((one) => [one.step.item.key, one.why]),
    [
      ['branch', 'parent'],
      ['leaf', 'parent'],
    ],
  );
  assert.deepEqual(calls, [['root'], ['other']]);
  assert.equal(results.length, 2);
});

test('applyPlan() lets members follow their health when a change of their listener failed', async () => {
  const { driver, calls } = recorder(['L']);

  const { held } = await applyPlan(
    input(driver, [step('change-listener', 'change', 'L'), step('drain', 'change', 'm', 'L')]),
  );

  assert.deepEqual(held, []);
  assert.deepEqual(calls, [['L'], ['m']]);
});

test('applyPlan() gives parent and child to the driver at once where one reload makes both', async () => {
  const { driver, calls } = recorder();
  const byReload = (one: Step): Step => ({ ...one, how: 'reload' });

  await applyPlan(
    input(driver, [
      byReload(step('add-listener', 'change', 'L')),
      byReload(step('add-listener', 'add', 'pool', 'L')),
      step('add-member', 'add', 'm', 'pool'),
    ]),
  );

  assert.deepEqual(calls, [['L', 'pool'], ['m']]);
});

test('applyPlan() leaves to the next round what lives in a step that it left to the next round', async () => {
  const { driver, calls } = recorder();

  const { held } = await applyPlan(
    input(
      driver,
      [
        step('add-listener', 'add', 'L'),
        step('add-listener', 'add', 'pool', 'L'),
        step('add-member', 'add', 'm', 'pool'),
        step('add-member', 'add', 'other'),
      ],
      { overtake: () => ({ steps: [], stale: new Set(['L']) }) },
    ),
  );

  assert.deepEqual(
    held.map((one) => [one.step.item.key, one.why]),
    [
      ['pool', 'superseded'],
      ['m', 'superseded'],
    ],
  );
  assert.deepEqual(calls, [['L'], ['other']]);
});

test('applyPlan() stops between chunks when something newer is known', async () => {
  const { driver, calls } = recorder();
  const steps = ['a', 'b', 'c', 'd', 'e'].map((key) => step('add-member', 'add', key));

  const outcome = await applyPlan(input(driver, steps, { superseded: () => calls.length === 2 }));

  assert.equal(outcome.cut, true);
  assert.deepEqual(calls, [
    ['a', 'b'],
    ['c', 'd'],
  ]);
  assert.deepEqual(
    outcome.held.map((one) => one.why),
    ['superseded'],
  );
});

test('applyPlan() counts a step without an answer as failed, and ignores answers nobody asked for', async () => {
  const { driver } = recorder([], async (steps) => [
    { step: steps[0]!, ok: true },
    { step: step('drain', 'change', 'stranger'), ok: true },
  ]);

  const { results } = await applyPlan(
    input(driver, [step('add-member', 'add', 'a'), step('add-member', 'add', 'b')]),
  );

  assert.deepEqual(
    results.map((result) => [result.step.item.key, result.ok]),
    [
      ['a', true],
      ['b', false],
    ],
  );
});

test('applyPlan() fails the steps of a driver that throws, and only those', async () => {
  const { driver } = recorder([], async (steps) => {
    if (steps[0]!.item.key === 'a') throw new Error('socket closed');
    return steps.map((one) => ({ step: one, ok: true }));
  });

  const { results } = await applyPlan(
    input(driver, [step('add-listener', 'add', 'a'), step('announce', 'add', 'z')]),
  );

  const [first, second] = results;
  assert.ok(!first!.ok && first!.error.code === 'DRIVER_FAILED' && first!.error.retry === 'backoff');
  assert.ok(second!.ok);
});

test('applyPlan() gives up on a driver that does not answer, and tells it to stop', async () => {
  const clock = new FakeClock();
  let signal: AbortSignal | undefined;
  const { driver } = recorder();
  const hanging: Driver = {
    ...driver,
    apply(_steps, given) {
      signal = given;
      return new Promise(() => {});
    },
  };

  const busy = new Set<string>();
  const done = applyPlan(input(hanging, [step('add-listener', 'add', 'a')], { clock, busy }));
  await clock.advance(1000);
  const { results } = await done;

  assert.ok(!results[0]!.ok && results[0]!.error.code === 'TIMEOUT');
  assert.equal(signal?.aborted, true);
  assert.equal(clock.pending(), 0);
  assert.deepEqual([...busy], ['d'], 'it may still be at work, so nothing more is given to it');
});
