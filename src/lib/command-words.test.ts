import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandWords } from './command-words.ts';

test('commandWords() parts words at blanks and keeps quoted ones whole', () => {
  assert.deepEqual(commandWords('/bin/notify'), ['/bin/notify']);
  assert.deepEqual(commandWords(`  /bin/notify  up "pool web" 'a "b"' c\\ d "e\\"f" ''  `), [
    '/bin/notify',
    'up',
    'pool web',
    'a "b"',
    'c d',
    'e"f',
    '',
  ]);
  assert.deepEqual(commandWords('$HOME `id` ;'), ['$HOME', '`id`', ';'], 'nothing is expanded');
  assert.deepEqual(commandWords(''), []);
});

test('commandWords() refuses an open quote', () => {
  assert.equal(commandWords('/bin/notify "open'), undefined);
});
