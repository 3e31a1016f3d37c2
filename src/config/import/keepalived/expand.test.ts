import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandLines } from './expand.ts';
import { Ledger } from './ledger.ts';

function expand(text: string, configId = 'main', files: Readonly<Record<string, string>> = {}) {
  const ledger = new Ledger();
  const lines = expandLines(
    {
      file: 'etc/k.conf',
      text,
      configId,
      readInclude: (pattern) =>
        files[pattern] === undefined ? [] : [{ file: pattern, text: files[pattern] }],
    },
    ledger,
  );
  return { lines: lines.map((line) => line.raw), ledger, origins: lines };
}

test('expandLines() keeps lines whose condition holds', () => {
  const text = '@main a\n@backup b\n@^main c\n@^backup d\n';
  assert.deepEqual(expand(text).lines, ['a', 'd']);
  assert.deepEqual(expand(text, 'backup').lines, ['b', 'c']);
});

test('expandLines() puts values in at the time they are used', () => {
  const text = '$B=10.2.${S}\n$S=0\n${B}.1/32\n$S=10\n${B}.1/32\nkeep ${UNKNOWN} $B.x\n$C=\nempty $C end';
  assert.deepEqual(expand(text).lines, ['10.2.0.1/32', '10.2.10.1/32', 'keep ${UNKNOWN} $B.x', 'empty  end']);
});

test('expandLines() writes out variables of several lines, nested too', () => {
  const text =
    '$IN= \\\n  b ${N} \\\n  c\n$OUT= \\\n a { \\\n $N=1 \\\n $IN \\\n $N=2 \\\n $IN \\\n }\n$OUT\n';
  assert.deepEqual(expand(text).lines, ['a {', 'b 1', 'c', 'b 2', 'c', '}']);
});

test('expandLines() counts as the manual has it', () => {
  for (const [text, wanted] of [
    ['~SEQ(S, 0, 3) 10.0.${S}.1', ['10.0.0.1', '10.0.1.1', '10.0.2.1', '10.0.3.1']],
    ['~SEQx(S, 144, 16, 192) ${S}', ['90', 'a0', 'b0', 'c0']],
    ['~SEQ(S, 2) ${S}', ['1', '2']],
    ['~SEQ(S, 3, -1, 1) ${S}', ['3', '2', '1']],
    ['~SEQ(A, 1, 2) ~SEQ(B, 5, 6) ${A}-${B}', ['1-5', '1-6', '2-5', '2-6']],
    ['~LST({P, Q}, {10,1},{20,4}) ${P}.${Q}', ['10.1', '20.4']],
    ['~LST(P, 1, x) ~SEQ(Q, 1, 2) ${P}.${Q}', ['1.1', '1.2', 'x.1', 'x.2']],
    ['~SEQ(S, 1, -1, 3) ${S}', []],
  ] as const)
    assert.deepEqual(expand(text).lines, wanted, text);
});

test('expandLines() reads included files where they are named, with their own lines', () => {
  const { origins } = expand('a\ninclude x.conf\nd\n', 'main', { 'x.conf': 'b\nc\n' });
  assert.deepEqual(
    origins.map((line) => [line.raw, line.file, line.line]),
    [
      ['a', 'etc/k.conf', 1],
      ['b', 'x.conf', 1],
      ['c', 'x.conf', 2],
      ['d', 'etc/k.conf', 3],
    ],
  );
});

test('expandLines() tells a file that includes itself, and one that is not there', () => {
  const { lines, ledger } = expand('include x.conf\ninclude none\n', 'main', {
    'x.conf': 'a\ninclude x.conf\n',
  });
  assert.deepEqual(lines, ['a']);
  assert.deepEqual(
    ledger.diagnostics().map((one) => [one.rule, one.place?.file, one.place?.line]),
    [
      ['import-include-circle', 'x.conf', 2],
      ['import-include', 'etc/k.conf', 2],
    ],
  );
});
