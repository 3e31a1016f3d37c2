import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeapPolicy } from './small-heap.ts';

test('HeapPolicy spares memory until there is much to do, and again after half a minute of rest', () => {
  const policy = new HeapPolicy();

  assert.equal(policy.look(0.05), false);
  assert.equal(policy.look(0.6), true);
  assert.equal(policy.sparing, false);
  for (let i = 0; i < 29; i++) assert.equal(policy.look(0.02), false);
  assert.equal(policy.look(0.02), true);
  assert.equal(policy.sparing, true);
});

test('HeapPolicy counts rest anew after every look that saw some work', () => {
  const policy = new HeapPolicy();
  policy.look(0.9);

  for (let i = 0; i < 100; i++) assert.equal(policy.look(i % 20 === 0 ? 0.15 : 0.02), false);

  assert.equal(policy.sparing, false);
});
