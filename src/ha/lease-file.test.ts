import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readLease } from './lease-file.ts';

test('readLease() counts the lease from when it was written', () => {
  const text = '{"role":"active","epoch":7,"lease":"3s"}';

  assert.deepEqual(readLease(text, 0), { role: 'active', epoch: 7, leaseMs: 3000 });
  assert.equal(readLease(text, 1200).leaseMs, 1800);
  assert.equal(readLease(text, 9000).leaseMs, 0);
  // Of a clock that was set back.
  assert.equal(readLease(text, -5000).leaseMs, 3000);
});

for (const [text, why] of [
  ['', /no JSON object/],
  ['[1]', /no JSON object/],
  ['{"role":"master","epoch":7,"lease":"3s"}', /"role" must be .* current value is "master"/],
  ['{"role":"active","epoch":-1,"lease":"3s"}', /"epoch" must be a whole number: current value is -1/],
  [
    '{"role":"active","epoch":7,"lease":3}',
    /"lease" must be a time such as "3s", at most 1h: current value is 3/,
  ],
  ['{"role":"active","epoch":7,"lease":"2h"}', /"lease" must be/],
  ['{"role":"active","epoch":7}', /current value is nothing/],
] as const)
  test(`readLease() refuses ${text || 'nothing'}`, () => {
    assert.throws(() => readLease(text, 0), why);
  });
