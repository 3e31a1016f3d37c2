// Rates, numbers for small columns, and server-sent events cut anywhere.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CounterRow, Stats } from './member-connections.ts';
import { ratesBetween, shortNumber } from './rates.ts';
import { SseReader } from './sse-reader.ts';

function statsOf(atMs: number, rows: readonly (readonly [key: string, bytes: string])[]): Stats {
  const zero = {
    activeConnections: 0,
    inactiveConnections: 0,
    packetsIn: '0',
    packetsOut: '0',
    bytesOut: '0',
  };
  const counters = rows.map(([key, bytesIn]): CounterRow => ({ ...zero, key, connections: '0', bytesIn }));
  return { atMs, drivers: { ipvs: counters } };
}

test('ratesBetween() is exact past 2^53, counts a row made anew from zero, and a new row not yet', () => {
  const before = statsOf(1000, [
    ['a', '9007199254740993'],
    ['b', '5000'],
  ]);
  const now = statsOf(3000, [
    ['a', '9007199254741193'],
    ['b', '100'],
    ['c', '7'],
  ]);

  assert.deepEqual(
    ratesBetween(before, now).map((one) => [one.key, one.bytesIn]),
    [
      ['a', 100],
      ['b', 50],
      ['c', 0],
    ],
  );
  assert.deepEqual(
    ratesBetween(now, now).map((one) => one.bytesIn),
    [0, 0, 0],
  );
});

test('shortNumber() takes at most four characters', () => {
  const table: [number, string][] = [
    [0, '0'],
    [0.44, '0.4'],
    [9.94, '9.9'],
    [9.96, '10'],
    [999, '999'],
    [999.6, '1.0k'],
    [1234, '1.2k'],
    [12_345, '12k'],
    [999_600, '1.0M'],
    [3.5e13, '35T'],
  ];
  for (const [value, text] of table) assert.equal(shortNumber(value), text);
  fc.assert(
    fc.property(fc.double({ min: 0, max: 9e14, noNaN: true }), (value) => {
      assert.ok(shortNumber(value).length <= 4, `${value}`);
    }),
  );
});

test('SseReader reads the same events however the text is cut', () => {
  const text =
    'retry: 2\n\n: hello\n\nid: a-1\nevent: x\ndata: {"a":1}\n\nid: a-2\nevent: y\ndata: 1\ndata: 2\n\ndata: z\n\n';
  fc.assert(
    fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
      const reader = new SseReader();
      const ends = [...cuts, text.length].sort((a, b) => a - b);
      const events = ends.flatMap((end, i) => reader.push(text.slice(i === 0 ? 0 : ends[i - 1], end)));
      assert.deepEqual(events, [
        { event: 'x', data: '{"a":1}', id: 'a-1' },
        { event: 'y', data: '1\n2', id: 'a-2' },
        { event: 'message', data: 'z' },
      ]);
    }),
  );
});
