// expand(): which parts become what, and that what holds no dollar sign is not copied.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expand } from './expand.ts';

const ENV = { A: 'x', B: '', N_1: '80' };

test('expand() replaces names, keeps doubled dollar signs as one, and leaves lone ones', () => {
  const cases: [string, string][] = [
    ['${A}', 'x'],
    ['${A}${B}-${N_1}', 'x-80'],
    ['a$$b', 'a$b'],
    ['$${A}', '${A}'],
    ['$$${A}', '$x'],
    ['^/a$', '^/a$'],
    ['$A', '$A'],
  ];
  for (const [text, wanted] of cases) {
    const { value, missing, malformed } = expand({ list: [text] }, ENV);

    assert.deepEqual(
      { value, missing, malformed },
      { value: { list: [wanted] }, missing: [], malformed: [] },
      text,
    );
  }
});

test('expand() names what is missing or malformed with its path', () => {
  const { value, missing, malformed } = expand({ a: ['${X} ${Y}'], b: '${1}', c: '${A', d: '${}' }, ENV);

  assert.deepEqual(missing, [
    { name: 'X', path: ['a', 0] },
    { name: 'Y', path: ['a', 0] },
  ]);
  assert.deepEqual(
    malformed.map(({ path }) => path[0]),
    ['b', 'c', 'd'],
  );
  assert.deepEqual(value, { a: ['${X} ${Y}'], b: '${1}', c: '${A', d: '${}' });
});

test('expand() returns the same objects where nothing changes', () => {
  const still = { deep: [1, 'two', null, { three: true }] };
  const root = { still, moving: '${A}' };

  const { value } = expand(root, ENV) as { value: typeof root };

  assert.equal(value.still, still);
  assert.equal(value.moving, 'x');
  assert.equal(root.moving, '${A}');
});

test('expand() keeps a key that is called __proto__ a key', () => {
  const root = JSON.parse('{"__proto__": "${A}", "b": 1}');

  const { value } = expand(root, ENV);

  assert.deepEqual(Object.entries(value as object), [
    ['__proto__', 'x'],
    ['b', 1],
  ]);
});
