// `make docs`: the documents as a static site in build/docs, to be opened from disk or served by anything.
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMain, ROOT } from './lib/finding.ts';
import { framePage } from './site/frame.ts';
import { pagesOf } from './site/pages.ts';
import { renderBody } from './site/render.ts';

export function buildSite(root: string, out: string): number {
  const pages = pagesOf(root);
  const byFile = new Map(pages.map((page) => [page.file, page]));
  rmSync(out, { recursive: true, force: true });
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), text);
  };
  const index: unknown[] = [];
  for (const page of pages) {
    const rendered = renderBody(page, byFile);
    put(page.path, framePage(page, rendered, pages));
    for (const file of rendered.files) {
      if (!existsSync(join(root, file))) throw new Error(`Cannot build ${page.file}: it leads to "${file}"`);
      cpSync(join(root, file), join(out, 'files', file), { recursive: true });
    }
    const { headings, text } = rendered;
    index.push({ path: page.path, title: page.title, headings, text, lower: text.toLowerCase() });
  }
  put('search-index.js', `window.searchIndex = ${JSON.stringify(index)};\n`);
  for (const name of ['site.css', 'search.js'])
    cpSync(join(import.meta.dirname, 'site', name), join(out, name));
  return pages.length;
}

if (isMain(import.meta)) {
  const out = join(ROOT, 'build/docs');
  process.stdout.write(`${buildSite(ROOT, out)} pages in build/docs: open build/docs/index.html\n`);
}
