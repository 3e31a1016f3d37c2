// The judge of the soak must be able to find fault.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seededRandom } from './random.ts';
import { describeLost, judgeFailures } from './verdict.ts';

const failure = (sentMs: number, endedMs: number) => ({ sentMs, endedMs, why: 'timeout' });

test('judgeFailures() excuses what touches a window, and nothing else', () => {
  const windows = [{ fromMs: 1000, toMs: 2000, why: 'web1 killed' }];
  const table: readonly (readonly [sentMs: number, endedMs: number, excused: boolean])[] = [
    [500, 999, false],
    [500, 1000, true],
    [1500, 1600, true],
    [2000, 2900, true],
    [2001, 2900, false],
  ];
  for (const [sentMs, endedMs, excused] of table) {
    const verdict = judgeFailures([failure(sentMs, endedMs)], windows);
    assert.deepEqual(
      [verdict.excused.length, verdict.scattered.length],
      excused ? [1, 0] : [0, 1],
      `${sentMs}`,
    );
  }
});

test('judgeFailures() without a window loses every failure', () => {
  assert.equal(judgeFailures([failure(1, 2), failure(3, 4), failure(5, 9)], []).lost.length, 3);
});

test('judgeFailures() knows an outage from single losses', () => {
  const failures = [
    failure(0, 1),
    failure(5000, 5001),
    failure(5400, 5401),
    failure(5900, 5901),
    failure(9000, 9001),
  ];
  const { lost, scattered } = judgeFailures(failures, []);
  assert.deepEqual([lost.map((one) => one.sentMs), scattered.length], [[5000, 5400, 5900], 2]);
});

test('describeLost() joins what failed together', () => {
  const lost = [failure(1000, 2000), failure(1500, 2500), failure(9000, 9100)];
  assert.deepEqual(describeLost(lost, 0), [
    '2 from 1.0 s to 1.5 s (timeout)',
    '1 from 9.0 s to 9.0 s (timeout)',
  ]);
});

test('seededRandom() tells the same story twice, and another for another seed', () => {
  const story = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 20 }, () => random.pick(['a', 'b', 'c', 'd', 'e']));
  };
  assert.deepEqual(story(7), story(7));
  assert.notDeepEqual(story(7), story(8));
  assert.equal(new Set(story(7)).size, 5);
});
