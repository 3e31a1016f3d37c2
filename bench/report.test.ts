import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exponent, median, quantile, row, toTable } from './report.ts';

test('row() judges a value by its target and tells the ratio to a peer', () => {
  assert.equal(row('time', 149.96, 'ms', '< 150').ok, true);
  assert.equal(row('time', 151, 'ms', '< 150').ok, false);
  assert.equal(row('rate', 7, 'Mpps', '>= 7').ok, true);
  assert.equal(row('told', 1, 'ms').ok, undefined);
  assert.equal(row('time', 50, 'ms', '', 200).ratio, 0.25);
});

test('row() refuses a target it cannot read', () => {
  assert.throws(() => row('time', 1, 'ms', 'under 5'), RangeError);
});

test('exponent() finds 1 for linear and 2 for quadratic cost', () => {
  const sizes = [1000, 10_000, 50_000];
  assert.ok(Math.abs(exponent(sizes.map((n) => [n, n * 3])) - 1) < 1e-9);
  assert.ok(Math.abs(exponent(sizes.map((n) => [n, n * n])) - 2) < 1e-9);
});

test('median() takes the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 3]), 2);
});

test('quantile() takes the value that so many do not exceed', () => {
  const values = Array.from({ length: 20 }, (_, i) => 20 - i);
  assert.equal(quantile(values, 0.9), 18);
  assert.equal(quantile([7], 0.9), 7);
  assert.equal(quantile([7, 3], 0), 3);
});

test('toTable() shows a missed target loudly', () => {
  const text = toTable({ name: 'x', conditions: { cores: 2 }, rows: [row('time', 200, 'ms', '< 150')] });

  assert.match(text, /time\s+200\s+ms\s+< 150\s+NO/);
  assert.match(text, /cores 2/);
});
