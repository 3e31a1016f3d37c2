// How long a node stands back from a second master.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NOT_YIELDING, type Yielding, yieldAgain } from './yielding.ts';

test('yieldAgain() doubles the time while it does not help, up to five minutes', () => {
  const holds: number[] = [];
  let nowMs = 1_000_000;
  let yielding: Yielding = NOT_YIELDING;
  for (let i = 0; i < 7; i++) {
    yielding = yieldAgain(yielding, nowMs);
    holds.push(yielding.holdMs / 1000);
    nowMs = yielding.untilMs + 3000;
  }

  assert.deepEqual(holds, [10, 20, 40, 80, 160, 300, 300]);
});

test('yieldAgain() begins anew after it went well for as long as it had lasted', () => {
  const first = yieldAgain(yieldAgain(NOT_YIELDING, 0), 11_000);

  assert.equal(yieldAgain(first, first.untilMs + first.holdMs).holdMs, 40_000);
  assert.equal(yieldAgain(first, first.untilMs + first.holdMs + 1).holdMs, 10_000);
});
