// The smaller house checks: each finds its fault, with the line, and passes on this tree.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { checkLinks } from './check-links.ts';
import { checkSize } from './check-size.ts';
import { checkWords, wordFindings } from './check-words.ts';
import { ROOT } from './lib/finding.ts';

function inFolder<T>(files: Record<string, string>, run: (root: string) => T): T {
  const root = mkdtempSync(join(tmpdir(), 'steelyard-checks-'));
  try {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), text);
    }
    return run(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('the checks find nothing wrong in this tree', () => {
  assert.deepEqual([...checkSize(ROOT), ...checkLinks(ROOT), ...checkWords(ROOT)], []);
});

test('checkSize() stops at 500 lines, and checks at 150', () => {
  const lines = (count: number) => 'x;\n'.repeat(count);
  const found = inFolder(
    {
      'src/plan/fits.ts': lines(500),
      'src/plan/long.ts': lines(501),
      'tools/check-x.ts': lines(151),
      'tools/check-x.test.ts': lines(151),
      'tools/gen-x.ts': lines(400),
    },
    checkSize,
  );

  assert.deepEqual(
    found.map(({ file, line }) => [file, line]),
    [
      ['src/plan/long.ts', 501],
      ['tools/check-x.ts', 151],
    ],
  );
});

test('checkLinks() follows files and headings', () => {
  const readme = [
    '[good](docs/a.md) [heading](docs/a.md#two-words-1) [own](#top) [web](https://example.com/x) [folder](docs)',
    '[gone](docs/b.md)',
    '`[code](nowhere.md)`',
    '```',
    '[fenced](nowhere.md)',
    '```',
    '[no heading](docs/a.md#three) and [root](/etc/lbctl/config.yaml)',
    '[out](../elsewhere.md)',
  ].join('\n');
  const found = inFolder(
    { 'README.md': `${readme}\n# Top\n`, 'docs/a.md': '# Two words\n\n## Two `words`!\n' },
    checkLinks,
  );

  assert.deepEqual(
    found.map(({ line, message }) => `${line} ${message}`),
    [
      '2 Link "docs/b.md" leads to "docs/b.md", which does not exist',
      '7 Link "docs/a.md#three" names no heading of "docs/a.md"',
      '7 Link "/etc/lbctl/config.yaml" starts at the root of a machine',
      '8 Link "../elsewhere.md" leads out of the repository',
    ],
  );
});

test('wordFindings() finds machine paths, package hosts, promises and unfinished merges', () => {
  const slash = '/';
  const wrong: [string, RegExp][] = [
    [`see ${slash}home/someone/project`, /path of one machine/],
    [`"${slash}work/tree/src"`, /path of one machine/],
    [`https://registry.${'npmjs'}.org/x`, /package host/],
    [`// TO${'DO'}: later`, /without an issue/],
    [`// FIX${'ME'}`, /without an issue/],
    [`${'<'.repeat(7)} HEAD`, /unfinished merge/],
  ];
  const right = [
    '/etc/lbctl/config.yaml',
    'test/root/x.test.ts and ../work/x',
    `// TO${'DO'}(ana, #12): measure`,
    'https://example.com/home/page',
    '='.repeat(20),
  ];

  for (const [line, message] of wrong) {
    const [found] = wordFindings('src/a.ts', `first\n${line}\n`);
    assert.equal(found?.line, 2, line);
    assert.match(found.message, message);
  }
  for (const line of right) assert.deepEqual(wordFindings('src/a.ts', line), [], line);
});
