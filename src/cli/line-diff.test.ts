// Diffs turn one text into the other, and show only what is near a change.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { paint } from '../plan/paint.ts';
import { editsOf, lineDiff } from './line-diff.ts';

const plain = paint(false);
const line = fc.constantFrom('a', 'b', 'c', '');

test('lineDiff() says nothing about equal texts', () => {
  assert.equal(lineDiff('x', 'a\nb\n', 'a\nb\n', plain), '');
  assert.equal(lineDiff('x', '', '', plain), '');
});

test('lineDiff() shows a change with three lines around it', () => {
  const before = ['1', '2', '3', '4', '5', '6', '7', '8', '9'].join('\n') + '\n';

  assert.equal(
    lineDiff('x.yaml', before, before.replace('5', 'five'), plain),
    '--- x.yaml\n+++ x.yaml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n',
  );
});

test('lineDiff() joins near changes and parts far ones', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `line ${index}`);
  const near = lines.with(5, 'x').with(10, 'y');
  const far = lines.with(5, 'x').with(25, 'y');
  const hunks = (after: string[]) =>
    lineDiff('x', lines.join('\n'), after.join('\n'), plain).match(/^@@/gm)?.length;

  assert.equal(hunks(near), 1);
  assert.equal(hunks(far), 2);
});

test('lineDiff() counts from an empty text, and shows a missing end of line', () => {
  assert.match(lineDiff('x', '', 'a\nb\n', plain), /^@@ -0,0 \+1,2 @@$/m);
  assert.match(lineDiff('x', 'a\n', 'a', plain), /-a\n\+a\n\\ No newline at end of file/);
});

test('editsOf() gives both texts back, by a script no longer than replacing everything', () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 25 }), fc.array(line, { maxLength: 25 }), (before, after) => {
      const edits = editsOf(before, after);
      const without = (sign: string) => edits.filter((edit) => edit.sign !== sign).map((edit) => edit.text);

      assert.deepEqual(without('+'), before);
      assert.deepEqual(without('-'), after);
      assert.equal(edits.filter((edit) => edit.sign !== ' ').length, shortest(before, after));
    }),
    { numRuns: 500 },
  );
});

test('editsOf() ends soon on long texts that share nothing', () => {
  const many = (word: string) => Array.from({ length: 5000 }, (_, index) => `${word} ${index}`);
  const started = performance.now();

  const edits = editsOf(many('old'), many('new'));

  assert.equal(edits.length, 10_000);
  assert.ok(performance.now() - started < 20_000);
});

/** By the longest common subsequence, which shares no code with Myers' way. */
function shortest(before: readonly string[], after: readonly string[]): number {
  let row = Array<number>(after.length + 1).fill(0);
  for (const one of before) {
    const next = [0];
    after.forEach((other, index) => {
      next.push(one === other ? row[index]! + 1 : Math.max(row[index + 1]!, next[index]!));
    });
    row = next;
  }
  return before.length + after.length - 2 * row[after.length]!;
}
