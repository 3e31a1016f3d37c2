// Items in groups: a version derived from the one before holds what a Map built anew would.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Item, item } from '../../model/item.ts';
import { type Group, ItemGroups, unshared } from './item-groups.ts';

const items = ['a', 'b', 'c', 'd', 'e'].flatMap((key) =>
  [1, 2].map((weight) => item('member', key, { weight })),
);
/** Few of them, so that versions share some: also groups that hold a key twice, and the same keys in two. */
const groups: readonly Group[] = [
  [],
  ...items.map((one) => [one]),
  ...items.map((one, at) => [one, items[(at + 3) % items.length]!, items[(at * 7) % items.length]!]),
];
const versions = fc.array(fc.array(fc.constantFrom(...groups), { maxLength: 4 }), { maxLength: 8 });

function toMap(version: readonly Group[]): Map<string, Item> {
  return new Map(version.flat().map((one) => [one.key, one]));
}

test('ItemGroups holds what a Map built anew holds, and no version changes later', () => {
  fc.assert(
    fc.property(versions, (all) => {
      const made: ItemGroups[] = [];
      for (const version of all) made.push(ItemGroups.of(version, made.at(-1)));
      all.forEach((version, at) => {
        const expected = toMap(version);
        const found = made[at]!;
        assert.deepEqual([...found], [...expected]);
        assert.deepEqual([...found.keys()], [...expected.keys()]);
        assert.deepEqual([...found.values()], [...expected.values()]);
        assert.equal(found.size, expected.size);
        for (const { key } of items) {
          assert.equal(found.get(key), expected.get(key));
          assert.equal(found.has(key), expected.has(key));
        }
      });
    }),
  );
});

test('ItemGroups.of() gives the version before where nothing differs', () => {
  const [a, b, c] = [items[0]!, items[2]!, items[4]!];
  const before = ItemGroups.of([[a, b], [c]]);

  assert.equal(ItemGroups.of([[a, b], [c]], before), before);
});

test('unshared() leaves out what both hold, and all that is left out is the same', () => {
  fc.assert(
    fc.property(versions, (all) => {
      const [one, other] = [ItemGroups.of(all[0] ?? []), ItemGroups.of(all[1] ?? [])];
      const left = new Set(unshared(one, other));
      for (const group of one.groups)
        if (!left.has(group)) for (const each of group) assert.equal(other.get(each.key), each);
    }),
  );
});
