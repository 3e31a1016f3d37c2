import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toAnswerTimes } from './answer-times.ts';
import { LATENCY_BOUNDS_MS } from './latency.ts';
import { LatencyTable } from './latency-table.ts';

describe('LatencyTable', () => {
  it('shows one thread what another adds, over growth and in the slot of the probe alone', () => {
    const mine = new LatencyTable();
    const theirs = new LatencyTable(mine.memory);
    const slots = Array.from({ length: 1000 }, (_, i) => mine.take(`probe ${i}`)!);

    theirs.at(slots[0]!).add(3);
    theirs.at(slots[999]!).add(40);
    theirs.at(slots[999]!).add(20_000);

    assert.equal(new Set(slots).size, 1000);
    assert.deepEqual(
      [0, 1, 999].map((i) => mine.of(`probe ${i}`)!.snapshot().count),
      [1, 0, 2],
    );
    assert.equal(mine.of('probe 999')!.snapshot().maxMs, 20_000);
  });

  it('keeps the slot of a probe that stays, and gives that of one that went to another', () => {
    const table = new LatencyTable();
    const [first, second] = [table.take('a'), table.take('b')];

    table.release('a');

    assert.equal(table.of('a'), undefined);
    assert.equal(table.take('b'), second);
    assert.equal(table.take('c'), first);
    assert.notEqual(table.take('d'), first);
    assert.notEqual(table.take('d'), second);
  });
});

describe('toAnswerTimes()', () => {
  it('takes the checks of a member together, and leaves empty buckets out', () => {
    const table = new LatencyTable();
    const [one, other] = [table.at(table.take('one')!), table.at(table.take('other')!)];
    for (let i = 0; i < 98; i++) one.add(0.4);
    other.add(7);
    other.add(LATENCY_BOUNDS_MS.at(-1)! + 1);

    assert.deepEqual(toAnswerTimes([one.snapshot(), other.snapshot()]), {
      count: 100,
      meanMs: 100.472,
      p50Ms: 0.5,
      p99Ms: 10,
      maxMs: 10_001,
      histogram: [{ upToMs: 0.5, count: 98 }, { upToMs: 10, count: 1 }, { count: 1 }],
    });
    assert.equal(toAnswerTimes([]), undefined);
    assert.equal(toAnswerTimes([table.at(table.take('new')!).snapshot()]), undefined);
  });
});
