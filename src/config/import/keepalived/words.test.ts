import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitArguments, splitBraces, splitWords, stripComment } from './words.ts';

test('stripComment() cuts comments outside of quotes and escapes', () => {
  for (const [line, wanted] of [
    ['weight 1 # one', 'weight 1'],
    ['weight 1 ! one', 'weight 1'],
    ['misc_path "/bin/a #b !c" # d', 'misc_path "/bin/a #b !c"'],
    ['regex a\\#b', 'regex a\\#b'],
    ['  ! only', ''],
    ['', ''],
  ] as const)
    assert.equal(stripComment(line), wanted);
});

test('splitWords() knows double quotes and nothing else', () => {
  assert.deepEqual(splitWords(`a "b c"  d'e f'`), ['a', 'b c', "d'e", "f'"]);
  assert.deepEqual(splitWords('a "open'), ['a', 'open']);
});

test('splitArguments() knows both quotes inside words, and escapes', () => {
  for (const [text, wanted] of [
    [`abcd" efg h jkl "mnop`, ['abcd efg h jkl mnop']],
    [`a "b 'c' d" 'e "f"'`, ['a', "b 'c' d", 'e "f"']],
    ['a\\ b \\x41\\102\\n \\"c \\cA', ['a b', 'AB\n', '"c', '\x01']],
    ["'' x", ['', 'x']],
    ['a \\', ['a', '']],
  ] as const)
    assert.deepEqual(splitArguments(text), wanted);
});

test('splitBraces() cuts at braces but not in variables and quotes', () => {
  assert.deepEqual(splitBraces('real_server 1.2.3.4 80{ weight 1 }'), [
    'real_server 1.2.3.4 80',
    '{',
    'weight 1',
    '}',
  ]);
  assert.deepEqual(splitBraces('a ${B} {'), ['a ${B}', '{']);
  assert.deepEqual(splitBraces('regex "a{2}"'), ['regex "a{2}"']);
});
