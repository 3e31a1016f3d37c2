// Generated pages: what the code says and nothing else; a difference is named with its line.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ERROR_CATALOGUE } from '../src/model/errors.ts';
import { REASONS } from '../src/model/reason.ts';
import { ROOT } from './lib/finding.ts';
import { differenceOf, writeOrCheck } from './lib/generated.ts';

function firstColumn(page: string): string[] {
  const text = readFileSync(join(ROOT, 'docs/reference', page), 'utf8');
  return [...text.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]!).sort();
}

test('docs/reference/errors.md and the catalogue name the same codes', () => {
  assert.deepEqual(firstColumn('errors.md'), Object.keys(ERROR_CATALOGUE).sort());
});

test('docs/reference/reasons.md and the list of reasons name the same words', () => {
  assert.deepEqual(firstColumn('reasons.md'), Object.keys(REASONS).sort());
});

test('differenceOf() names the first line that differs', () => {
  assert.equal(differenceOf('x.md', 'a\nb\n', 'a\nb\n'), undefined);
  assert.equal(differenceOf('x.md', 'a\nb\n', 'a\nB\n')?.line, 2);
  assert.equal(differenceOf('x.md', 'a\n', 'a\nb\n')?.line, 2);
  assert.match(differenceOf('x.md', 'a', undefined)!.message, /Does not exist/);
});

test('writeOrCheck() writes without --check and only looks with it', () => {
  const root = mkdtempSync(join(tmpdir(), 'steelyard-generated-'));
  const pages = new Map([['deep/page.md', 'text\n']]);
  try {
    assert.equal(writeOrCheck(root, pages, ['--check']).length, 1);
    assert.deepEqual(writeOrCheck(root, pages, []), []);
    assert.deepEqual(writeOrCheck(root, pages, ['--check']), []);

    writeFileSync(join(root, 'deep/page.md'), 'edited by hand\n');
    assert.match(writeOrCheck(root, pages, ['--check'])[0]!.message, /edited by hand/);
    assert.equal(readFileSync(join(root, 'deep/page.md'), 'utf8'), 'edited by hand\n');
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
