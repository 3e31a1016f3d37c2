import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Secret } from './secret.ts';
import { stableJson } from './stable-json.ts';

test('stableJson() does not depend on the order of keys, at any depth', () => {
  assert.equal(stableJson({ b: 1, a: { d: [1, 2], c: 3 } }), stableJson({ a: { c: 3, d: [1, 2] }, b: 1 }));
  assert.equal(stableJson({ b: 1, a: 2 }), '{"a":2,"b":1}');
});

test('stableJson() keeps the order of lists', () => {
  assert.notEqual(stableJson([1, 2]), stableJson([2, 1]));
});

test('stableJson() writes maps as objects and secrets redacted', () => {
  assert.equal(
    stableJson(
      new Map<string, unknown>([
        ['z', 1],
        ['k', new Secret('x')],
      ]),
    ),
    '{"k":"[redacted]","z":1}',
  );
});

test('stableJson() gives text for nothing', () => {
  assert.equal(stableJson(undefined), 'null');
});

test('stableJson() writes what JSON writes, in another order', () => {
  fc.assert(
    fc.property(fc.anything({ withDate: true, withSparseArray: true }), (value) => {
      assert.equal(stableJson(value), stableJson(value, 0));
      assert.deepEqual(JSON.parse(stableJson(value)), JSON.parse(JSON.stringify(value) ?? 'null'));
    }),
  );
});
