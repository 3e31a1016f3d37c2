// Durations round trip, and what is no duration is refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from './duration.ts';

test('parseDuration() reads every unit and their sums', () => {
  const table: [string, number][] = [
    ['500ms', 500],
    ['2s', 2000],
    ['1m30s', 90_000],
    ['1.5s', 1500],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['250us', 0.25],
    ['0s', 0],
    ['1d2h3m4s5ms', 93_784_005],
  ];
  for (const [text, ms] of table) assert.equal(parseDuration(text), ms, text);
});

test('parseDuration() refuses what is no duration', () => {
  for (const text of ['', '5', 's', '5 s', '-5s', '5s ', '5S', '1e3s', '5sec', '.5s', '5.s', '1s 2s', '٣s'])
    assert.equal(parseDuration(text), undefined, JSON.stringify(text));
});

test('formatDuration() writes the shortest exact spelling', () => {
  const table: [number, string][] = [
    [0, '0s'],
    [90_000, '1m30s'],
    [1500, '1500ms'],
    [86_400_000, '1d'],
    [0.25, '250us'],
    [93_784_000, '1d2h3m4s'],
  ];
  for (const [ms, text] of table) assert.equal(formatDuration(ms), text);
});

test('formatDuration() is read back to the same milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(1e12), (ms) => {
      assert.equal(parseDuration(formatDuration(ms)), ms);
    }),
  );
});

test('formatDuration() keeps microseconds beside milliseconds', () => {
  fc.assert(
    fc.property(fc.nat(1e9), (us) => {
      const ms = us / 1000;
      const back = parseDuration(formatDuration(ms))!;
      assert.ok(Math.abs(back - ms) < 1e-6 * Math.max(1, ms), `${ms} became ${formatDuration(ms)}`);
    }),
  );
});
