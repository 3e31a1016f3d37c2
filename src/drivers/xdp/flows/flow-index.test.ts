// The table of known flows, held to a Map through any order of adding, finding and dropping.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FlowIndex } from './flow-index.ts';

const keyOf = (n: number): Uint8Array => {
  const key = new Uint8Array(16);
  new DataView(key.buffer).setUint32(4, n);
  return key;
};

test('FlowIndex finds what a Map would, whatever is added, dropped and rebuilt', () => {
  const steps = fc.array(fc.tuple(fc.constantFrom('add', 'drop'), fc.integer({ min: 0, max: 300 })), {
    maxLength: 2000,
  });
  fc.assert(
    fc.property(steps, (all) => {
      const index = new FlowIndex(16, 8);
      const model = new Map<number, number>();
      all.forEach(([verb, n], i) => {
        const slot = index.find(keyOf(n), 0);
        if (verb === 'add' && slot === -1) {
          const added = index.add(keyOf(n), 0);
          index.sequence[added] = i;
          model.set(n, i);
        } else if (verb === 'drop' && slot !== -1) {
          index.drop(slot);
          model.delete(n);
        }
      });
      assert.equal(index.size, model.size);
      for (let n = 0; n <= 300; n++) {
        const slot = index.find(keyOf(n), 0);
        assert.equal(slot === -1 ? undefined : index.sequence[slot], model.get(n));
      }
    }),
    { numRuns: 50 },
  );
});

test('FlowIndex.keysWhere() copies the keys picked, so that they outlive a rebuild', () => {
  const index = new FlowIndex(16, 8);
  for (let n = 0; n < 5; n++) {
    const slot = index.add(keyOf(n), 0);
    index.sequence[slot] = n;
  }

  const keys = index.keysWhere((slot) => index.sequence[slot]! % 2 === 0);
  for (let n = 5; n < 100; n++) index.add(keyOf(n), 0);

  const found = [0, 1, 2].map((i) => index.sequence[index.find(keys, i * 16)]);
  assert.deepEqual([keys.length / 16, found.sort()], [3, [0, 2, 4]]);
});
