// One page of the site: Markdown through cmark-gfm, links made to fit, and the frame around it.
import { execFileSync } from 'node:child_process';
import { posix } from 'node:path';
import type { Page } from './pages.ts';

export interface Rendered {
  readonly html: string;
  /** Files of the repository that the page leads to and that are no page: pictures, examples. */
  readonly files: readonly string[];
  readonly headings: readonly { readonly id: string; readonly text: string }[];
  /** Its words, for the search. */
  readonly text: string;
}

/** Inline code of this many characters fits a line of any telephone, so it need not break: a browser would after "--". */
const ONE_LINE = 24;
const CMARK = ['--extension', 'table', '--extension', 'autolink', '--unsafe', '--to', 'html'];

export function renderBody(page: Page, pages: ReadonlyMap<string, Page>): Rendered {
  const raw = execFileSync('cmark-gfm', CMARK, { input: page.markdown, encoding: 'utf8' });
  const files: string[] = [];
  const headings: { id: string; text: string }[] = [];
  const seen = new Map<string, number>();
  const html = raw
    .replace(/(href|src)="([^"]+)"/g, (whole, name: string, target: string) => {
      const fitted = fitLink(page, target, pages, files);
      return fitted === undefined ? whole : `${name}="${fitted}"`;
    })
    .replace(/<h([1-4])>([\s\S]*?)<\/h\1>/g, (_whole, level: string, inner: string) => {
      const text = plain(inner);
      const id = anchorOf(text, seen);
      if (level === '2') headings.push({ id, text });
      return `<h${level} id="${id}">${inner}<a class="anchor" href="#${id}" aria-label="link to this">#</a></h${level}>`;
    })
    .replace(/<code>([^<]*)<\/code>/g, (whole, inner: string) =>
      plain(inner).length <= ONE_LINE ? `<code class="short">${inner}</code>` : whole,
    )
    .replace(/<table>/g, '<div class="wide"><table>')
    .replace(/<\/table>/g, '</table></div>');
  return { html, files, headings, text: plain(raw).replace(/\s+/g, ' ') };
}

/** A link as the site has it; undefined leaves it. */
function fitLink(
  page: Page,
  target: string,
  pages: ReadonlyMap<string, Page>,
  files: string[],
): string | undefined {
  if (/^([a-z][a-z0-9+.-]*:|#)/i.test(target)) return undefined;
  const [path = '', fragment] = target.split('#');
  const file = posix.join(posix.dirname(page.file), decodeURIComponent(path)).replace(/\/$/, '');
  const to = pages.get(file)?.path ?? folderPage(file, pages) ?? `files/${file}`;
  if (to.startsWith('files/')) files.push(file);
  const relative = posix.relative(posix.dirname(page.path), to);
  return `${relative}${fragment === undefined ? '' : `#${fragment}`}`;
}

/** A link to a folder of documents leads to its first page. */
function folderPage(folder: string, pages: ReadonlyMap<string, Page>): string | undefined {
  return [...pages.values()].find(({ file }) => posix.dirname(file) === folder && folder !== '.')?.path;
}

/** As check-links.ts names headings, and so do GitHub and GitLab. */
function anchorOf(text: string, seen: Map<string, number>): string {
  const base = text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
  const count = seen.get(base) ?? 0;
  seen.set(base, count + 1);
  return count === 0 ? base : `${base}-${count}`;
}

function plain(html: string): string {
  return html
    .replace(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}
