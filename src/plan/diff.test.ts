import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fields, type Item, item, itemMap } from '../model/item.ts';
import { differingFields, diffItems } from './diff.ts';

function listener(fields: Fields = { scheduler: 'rr' }): Item {
  return item('listener', 'L', fields);
}

function member(key: string, weight: number, parent = 'L'): Item {
  return item('member', key, { weight }, parent);
}

function diff(desired: readonly Item[], ours: readonly Item[], foreign: readonly Item[] = []) {
  return diffItems('d', itemMap(desired), { items: itemMap(ours), foreign: itemMap(foreign) });
}

function told(
  desired: readonly Item[],
  ours: readonly Item[],
  foreign: readonly Item[] = [],
): readonly string[] {
  return diff(desired, ours, foreign).steps.map(
    (step) =>
      `${step.phase}: ${step.verb} ${step.item.key}${step.changes.map((name) => ` ${name}`).join('')}`,
  );
}

test('diffItems() is empty for equal states, by identity and by value', () => {
  const one = listener();

  assert.deepEqual(told([one], [one]), []);
  assert.deepEqual(told([listener()], [listener()]), []);
});

test('diffItems() adds, changes and removes by key, each in its phase', () => {
  assert.deepEqual(told([listener(), member('a', 1)], []), ['add-listener: add L', 'add-member: add a']);
  assert.deepEqual(told([listener({ scheduler: 'lc' })], [listener()]), [
    'change-listener: change L scheduler',
  ]);
  assert.deepEqual(told([listener(), member('a', 2)], [listener(), member('a', 1)]), [
    'change-member: change a weight',
  ]);
  assert.deepEqual(told([], [listener(), member('a', 1)]), [
    'remove-listener: remove L',
    'remove-member: remove a',
  ]);
});

test('diffItems() calls a change to weight 0 a drain, and one from 0 a change', () => {
  assert.deepEqual(told([member('a', 0)], [member('a', 5)]), ['drain: change a weight']);
  assert.deepEqual(told([member('a', 5)], [member('a', 0)]), ['change-member: change a weight']);
  const both = item('member', 'a', { weight: 0, limit: 1 });
  assert.deepEqual(told([both], [item('member', 'a', { weight: 0, limit: 2 })]), [
    'change-member: change a limit',
  ]);
});

test('diffItems() withdraws, announces, prepares and cleans the other kinds', () => {
  const address = item('address', 'A', { prefix: 32 });
  const set = item('nft-set', 'S', { type: 'ip' });

  assert.deepEqual(told([address, set], []), ['announce: add A', 'prepare: add S']);
  assert.deepEqual(told([], [address, set]), ['withdraw: remove A', 'clean: remove S']);
});

test('diffItems() makes a conflict of a foreign item, and nothing in it', () => {
  const { steps, conflicts } = diff(
    [listener(), member('a', 1), item('x', 'deep', {}, 'a')],
    [],
    [listener()],
  );

  assert.deepEqual(steps, []);
  assert.deepEqual(
    conflicts.map((one) => one.wanted.key),
    ['L'],
  );
});

test('diffItems() adopts a foreign item, and what is in it, where the listener says so', () => {
  const wanted = [listener({ scheduler: 'lc', adopt: true }), member('a', 1), member('b', 1)];

  assert.deepEqual(told(wanted, [], [listener(), member('a', 7)]), [
    'change-listener: adopt L scheduler',
    'change-member: adopt a weight',
    'add-member: add b',
  ]);
});

test('diffItems() does not compare the wish to adopt, as no observation shows it', () => {
  assert.deepEqual(told([listener({ scheduler: 'rr', adopt: true })], [listener()]), []);
});

test('diffItems() leaves foreign items on other keys alone', () => {
  assert.deepEqual(told([], [], [listener()]), []);
});

test('differingFields() names what changes, comes and goes', () => {
  assert.deepEqual(differingFields({ a: 1, b: 2, c: 3 }, { a: 1, b: 9, d: 4 }), ['b', 'd', 'c']);
  assert.deepEqual(differingFields({ a: 1 }, { a: '1' }), ['a']);
});

test('diffItems() lets a driver choose phase and words', () => {
  const { steps } = diffItems(
    'd',
    itemMap([listener()]),
    { items: new Map(), foreign: new Map() },
    {
      phaseOf: () => 'prepare',
      how: () => 'reload',
    },
  );

  assert.equal(steps[0]!.phase, 'prepare');
  assert.equal(steps[0]!.how, 'reload');
});
