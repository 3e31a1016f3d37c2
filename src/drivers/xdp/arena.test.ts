import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Arena } from './arena.ts';
import type { RingRun } from './rows.ts';

function overlaps(a: RingRun, b: RingRun): boolean {
  return a.offset < b.offset + b.size && b.offset < a.offset + a.size;
}

test('Arena never gives the same slot to two rings, whatever comes and goes', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 1, max: 700 }), fc.boolean())), (moves) => {
      let now = 0;
      const arena = new Arena(16_384, () => now);
      const held: RingRun[] = [];
      for (const [size, give] of moves) {
        now += 600;
        if (give && held.length > 0) arena.release(held.splice(size % held.length, 1)[0]!);
        else {
          let run: RingRun;
          try {
            run = arena.take(size);
          } catch {
            continue;
          }
          assert.ok(run.offset > 0 && run.offset + run.size <= arena.capacity);
          for (const other of held) assert.ok(!overlaps(run, other));
          held.push(run);
        }
      }
    }),
  );
});

test('Arena lets a released run rest before it is used again', () => {
  let now = 0;
  const arena = new Arena(64 + 128, () => now);
  const run = arena.take(128);
  arena.release(run);

  assert.throws(() => arena.take(128), { code: 'XDP_LIMIT' });
  now = 1000;
  assert.deepEqual(arena.take(128), run);
});

test('Arena goes on after a restart where the last one was', () => {
  const before = new Arena(4096);
  const [first, second, third] = [before.take(251), before.take(509), before.take(251)];

  const after = new Arena(4096);
  after.adopt([first!, third!, third!]);

  assert.equal(after.used, 512);
  const again = after.take(509);
  for (const run of [first!, third!]) assert.ok(!overlaps(again, run));
  assert.deepEqual(again, second, 'the gap is found');
});
