// The site holds every page, and every link in it leads somewhere.
import assert from 'node:assert/strict';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildSite } from './build-site.ts';
import { ROOT } from './lib/finding.ts';

const out = mkdtempSync(join(tmpdir(), 'site-'));
let count = 0;
before(() => {
  count = buildSite(ROOT, out);
});
after(() => rmSync(out, { recursive: true, force: true }));

const pages = (): string[] =>
  globSync('**/*.html', { cwd: out }).filter((file) => !file.startsWith('files/'));

test('every document is a page', () => {
  assert.equal(pages().length, count);
  assert.equal(count, globSync('docs/**/*.md', { cwd: ROOT }).length + 4);
});

test('every link of a page leads to a file and, with a fragment, to a place in it', () => {
  const broken: string[] = [];
  for (const page of pages()) {
    const html = readFileSync(join(out, page), 'utf8');
    for (const [, target = ''] of html.matchAll(/(?:href|src)="([^"]+)"/g)) {
      if (/^[a-z][a-z0-9+.-]*:/i.test(target)) continue;
      const [path = '', fragment] = target.split('#');
      const file = path === '' ? join(out, page) : join(out, dirname(page), path);
      const isThere = existsSync(file);
      const hasPlace =
        fragment === undefined || !file.endsWith('.html') || !isThere
          ? true
          : readFileSync(file, 'utf8').includes(`id="${fragment}"`);
      if (!isThere || !hasPlace) broken.push(`${page} -> ${target}`);
    }
  }
  assert.deepEqual(broken, []);
});

test('short inline code stays on one line, longer code and blocks may break', () => {
  const css = readFileSync(join(out, 'site.css'), 'utf8');
  assert.match(css, /code\.short[^{]*\{ white-space: nowrap; \}/);
  const html = readFileSync(join(out, 'guide/getting-started.html'), 'utf8');
  assert.match(html, /<code class="short">--engine-override<\/code>/);
  const inline = pages().flatMap((page) => [
    ...readFileSync(join(out, page), 'utf8').matchAll(/<code class="short">([^<]*)<\/code>/g),
  ]);
  // As written in HTML: an entity is at most six characters for one.
  assert.ok(inline.length > 1000 && inline.every(([, text = '']) => text.length <= 24 * 6));
});

test('the index of the search holds every page with its words', () => {
  const text = readFileSync(join(out, 'search-index.js'), 'utf8');
  const index = JSON.parse(text.slice('window.searchIndex = '.length, -2)) as {
    path: string;
    lower: string;
  }[];
  assert.equal(index.length, count);
  assert.match(index.find(({ path }) => path === 'guide/dr-step-by-step.html')?.lower ?? '', /loopback/);
});
