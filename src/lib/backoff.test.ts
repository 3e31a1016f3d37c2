// Delays grow, stay under the cap and spread by the jitter.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs, DEFAULT_BACKOFF } from './backoff.ts';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('backoffMs() doubles up to the cap', () => {
  const middle = Array.from({ length: 9 }, (_, index) => backoffMs(index + 1, 0.5));

  assert.deepEqual(middle, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('backoffMs() spreads by the jitter and never further', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), random, (attempt, share) => {
      const plain = backoffMs(attempt, 0, { ...DEFAULT_BACKOFF, jitter: 0 });
      const delay = backoffMs(attempt, share);

      assert.ok(Number.isSafeInteger(delay));
      assert.ok(Math.abs(delay - plain) <= plain * DEFAULT_BACKOFF.jitter + 1, `${delay} for ${plain}`);
    }),
  );
  assert.ok(backoffMs(3, 0) < backoffMs(3, 0.999));
});

test('backoffMs() without jitter never shrinks', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), random, (attempt, share) => {
      const options = { ...DEFAULT_BACKOFF, jitter: 0 };
      assert.ok(backoffMs(attempt + 1, share, options) >= backoffMs(attempt, share, options));
    }),
  );
});
