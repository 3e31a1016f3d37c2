import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RoundHistory, type RoundRecord } from './history.ts';

function record(number: number): RoundRecord {
  return {
    number,
    why: 'config',
    startedMs: 0,
    durationMs: 0,
    configHash: 'v1',
    applied: [],
    appliedCount: 0,
    failed: [],
    failedCount: 0,
    heldCount: 0,
  };
}

test('RoundHistory keeps the newest and no more than asked for', () => {
  const history = new RoundHistory(3);

  for (let i = 1; i <= 5; i++) history.record(record(i));

  assert.deepEqual(
    history.list().map((one) => one.number),
    [3, 4, 5],
  );
});
