import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Note } from './note.ts';

test('Note keeps what is known of an object, the last word of each note', () => {
  const [one, two] = [new Note<object, number>(), new Note<object, string>()];
  const object = { a: 1 };

  one.set(object, 1);
  one.set(object, 2);
  two.set(object, 'x');

  assert.equal(one.get(object), 2);
  assert.equal(two.get(object), 'x');
  assert.equal(one.get({ a: 1 }), undefined);
});

test('Note shows in no key, copy, text or comparison', () => {
  const note = new Note<object, number>();
  const object = { a: 1 };
  const list = [1, 2];

  note.set(object, 1);
  note.set(list, 1);

  assert.deepEqual(object, { a: 1 });
  assert.deepEqual(list, [1, 2]);
  assert.equal(JSON.stringify([object, list]), '[{"a":1},[1,2]]');
  assert.deepEqual(Object.keys(object), ['a']);
  assert.equal(note.get({ ...object }), undefined);
  assert.equal(note.get([...list]), undefined);
  assert.deepEqual(structuredClone(object), { a: 1 });
});
