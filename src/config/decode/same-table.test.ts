import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SameTable } from './same-table.ts';

const [a, b, c] = ['a', 'b', 'c'].map((name) => ({ name })) as [Named, Named, Named];
type Named = { readonly name: string };
const before = new Map([a, b].map((one) => [one.name, one]));

function tableOf(...all: Named[]): ReadonlyMap<string, Named> {
  const same = new SameTable(before);
  for (const one of all) same.set(one);
  return same.table;
}

test('SameTable is the table of before where it holds the very same in their order', () => {
  assert.equal(tableOf(a, b), before);
});

test('SameTable is one of its own where something differs, came, went or moved', () => {
  const other = { name: 'b' };
  for (const all of [[a], [a, other], [a, b, c], [b, a], [c], []]) {
    const table = tableOf(...all);
    assert.notEqual(table, before);
    assert.deepEqual([...table.values()], all);
    assert.deepEqual(
      [...table.keys()],
      all.map((one) => one.name),
    );
  }
  assert.deepEqual([...before.values()], [a, b]);
});

test('SameTable keeps the last of one name', () => {
  const twin = { name: 'a' };
  assert.deepEqual([...tableOf(a, twin).values()], [twin]);
});
