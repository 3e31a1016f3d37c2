// What is told of what does not work, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Troubles } from './troubles.ts';

test('Troubles.tell() tells once while the same lasts, and again after it was over', () => {
  const told: string[] = [];
  const troubles = new Troubles((what, detail) => told.push(`${what} ${detail}`));

  for (const why of ['refused', 'refused', 'timed out']) troubles.tell('bfdd', why);
  assert.deepEqual(told, ['bfdd refused', 'bfdd timed out']);
  assert.deepEqual(troubles.list, ['bfdd: timed out']);

  troubles.clear('bfdd');
  troubles.tell('bfdd', 'timed out');
  assert.equal(told.length, 3);
});
