import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MinHeap } from './heap.ts';

describe('MinHeap', () => {
  it('gives out what was put in, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new MinHeap<number>();
        for (const number of numbers) heap.push(number, number);

        const out = numbers.map(() => heap.pop());

        assert.deepEqual(
          out,
          [...numbers].sort((a, b) => a - b),
        );
        assert.equal(heap.pop(), undefined);
        assert.equal(heap.size, 0);
      }),
    );
  });

  it('stays in order while pushes and pops alternate', () => {
    fc.assert(
      fc.property(fc.array(fc.option(fc.integer())), (script) => {
        const heap = new MinHeap<number>();
        const model: number[] = [];
        for (const step of script) {
          if (step === null) assert.equal(heap.pop(), model.sort((a, b) => a - b).shift());
          else {
            heap.push(step, step);
            model.push(step);
          }
          assert.equal(heap.peekOrder(), model.length === 0 ? undefined : Math.min(...model));
        }
      }),
    );
  });
});
