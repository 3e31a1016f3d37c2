// RateLimit: a burst of twice the rate, then the rate, each caller for himself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RateLimit } from './rate-limit.ts';

test('take() lets a burst of twice the rate pass, then the rate', () => {
  const limit = new RateLimit(10);
  const passed = (caller: string, count: number, nowMs: number): number =>
    Array.from({ length: count }, () => limit.take(caller, nowMs)).filter((wait) => wait === 0).length;

  assert.equal(passed('a', 50, 0), 20);
  assert.ok(Math.abs(limit.take('a', 0) - 100) < 1e-6);
  assert.equal(passed('b', 50, 0), 20);
  assert.equal(passed('a', 50, 1000), 10);
  assert.equal(passed('a', 50, 100_000), 20);
});

test('a rate of 0 is no limit, and callers are forgotten in time', () => {
  const open = new RateLimit(0);
  for (let i = 0; i < 1000; i++) assert.equal(open.take('a', 0), 0);
  assert.equal(open.size, 0);
  const limit = new RateLimit(1);
  for (let i = 0; i < 20_000; i++) limit.take(`caller-${i}`, i);
  assert.equal(limit.size, 10_000);
});
