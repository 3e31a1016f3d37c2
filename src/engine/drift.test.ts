import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fields } from '../model/item.ts';
import { EMPTY_OBSERVED, item, itemMap } from '../model/item.ts';
import { diffItems } from '../plan/diff.ts';
import { driftSteps, renewedKeys } from './drift.ts';

/** Steps of a round whose wish is the same as before, where the outside was as wanted and is so no more. */
function repair(kind: string, key: string, wanted: Fields, found: Fields) {
  const desired = itemMap([item(kind, key, wanted)]);
  const observed = { ...EMPTY_OBSERVED, items: itemMap([item(kind, key, found)]) };
  const { steps } = diffItems('haproxy', desired, observed);
  const left = { ...EMPTY_OBSERVED, items: desired };
  return { steps, left: new Map([['haproxy', { desired, before: left, observed: left }]]) };
}

test('driftSteps() finds what somebody else changed', () => {
  const { steps, left } = repair('member', 'web > 10.0.0.1:80', { weight: 1 }, { weight: 9 });

  assert.deepEqual(driftSteps(steps, left), steps);
});

test('driftSteps() knows a renewed certificate from that, and renewedKeys() names it', () => {
  const { steps, left } = repair('certificate', 'certificate shop', { current: true }, { current: false });

  assert.equal(steps.length, 1);
  assert.deepEqual(driftSteps(steps, left), []);
  assert.deepEqual([renewedKeys(steps, 'certificate'), renewedKeys(steps, 'file')], [['shop'], []]);
});
