// The frame of every page: navigation by section, search, the headings of the page, and the way to the next one.
import { posix } from 'node:path';
import type { Page } from './pages.ts';
import type { Rendered } from './render.ts';

export function framePage(page: Page, { html, headings }: Rendered, pages: readonly Page[]): string {
  const up = posix.relative(posix.dirname(page.path), '') || '.';
  const at = pages.findIndex(({ file }) => file === page.file);
  const neighbour = (to: Page | undefined, word: string, kind: string): string =>
    to === undefined || to.section !== page.section
      ? ''
      : `<a rel="${kind}" href="${relative(page, to)}">${word} ${escapeHtml(to.title)}</a>`;
  const contents =
    headings.length < 3
      ? ''
      : `<nav class="contents" aria-label="On this page">${headings.map(({ id, text }) => `<a href="#${id}">${escapeHtml(text)}</a>`).join('')}</nav>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(page.title)} · Steelyard</title>
<link rel="stylesheet" href="${up}/site.css">
<script src="${up}/search.js" defer data-up="${up}"></script>
</head>
<body>
<a class="skip" href="#content">To the text</a>
<header><a class="home" href="${up}/index.html">Steelyard</a>
<input id="search" type="search" placeholder="Search" aria-label="Search the documents" autocomplete="off"><ol id="found" hidden></ol></header>
<div class="columns">
<details class="menu" open><summary>Contents</summary><nav aria-label="Documents">${menu(page, pages)}</nav></details>
<main id="content">${contents}
${html}<footer>${neighbour(pages[at - 1], '←', 'prev')}${neighbour(pages[at + 1], '→', 'next')}</footer></main>
</div>
<script>if (matchMedia('(max-width: 50rem)').matches) document.querySelector('.menu').open = false;</script>
</body>
</html>
`;
}

function menu(page: Page, pages: readonly Page[]): string {
  const sections = [...new Set(pages.map(({ section }) => section))];
  return sections
    .map((section) => {
      const rows = pages
        .filter((one) => one.section === section)
        .map((one) => {
          const here = one.file === page.file ? ' aria-current="page"' : '';
          return `<li><a href="${relative(page, one)}"${here}>${escapeHtml(one.title)}</a></li>`;
        });
      const open = section === 'Guide' || section === page.section ? ' open' : '';
      return `<details${open}><summary>${section}</summary><ul>${rows.join('')}</ul></details>`;
    })
    .join('');
}

function relative(from: Page, to: Page): string {
  return posix.relative(posix.dirname(from.path), to.path);
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
