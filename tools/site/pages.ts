// The pages of the site: which files, in which order, under which heading. The order of guides is that of docs/README.md.
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const SECTIONS = ['Guide', 'Reference', 'How it works', 'Decisions', 'Project'] as const;

export interface Page {
  /** In the repository: `docs/guide/concepts.md`. */
  readonly file: string;
  /** In the site: `guide/concepts.html`. */
  readonly path: string;
  readonly title: string;
  readonly section: (typeof SECTIONS)[number];
  readonly markdown: string;
}

/** Pages outside docs that the documents lead to. */
const OUTSIDE: Readonly<Record<string, string>> = {
  'ARCHITECTURE.md': 'project/architecture.html',
  'CONTRIBUTING.md': 'project/contributing.html',
  'CHANGELOG.md': 'project/changelog.html',
  'README.md': 'project/readme.html',
};

export function pagesOf(root: string): Page[] {
  const docs = globSync('docs/**/*.md', { cwd: root }).map((file) => file.replaceAll('\\', '/'));
  const front = readFileSync(join(root, 'docs/README.md'), 'utf8');
  const order = [...front.matchAll(/\]\(([^)#]+\.md)/g)].map((match) => posix.join('docs', match[1]!));
  const place = (file: string): number => (order.includes(file) ? order.indexOf(file) : order.length);
  return [...docs, ...Object.keys(OUTSIDE)]
    .map((file): Page => {
      const markdown = readFileSync(join(root, file), 'utf8');
      const title = /^# (.*)$/m.exec(markdown)?.[1]?.replaceAll('`', '') ?? file;
      return { file, path: pathOf(file), title, section: sectionOf(file), markdown };
    })
    .sort(
      (a, b) =>
        SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section) ||
        place(a.file) - place(b.file) ||
        (a.file < b.file ? -1 : 1),
    );
}

export function pathOf(file: string): string {
  if (file === 'docs/README.md') return 'index.html';
  return OUTSIDE[file] ?? file.replace(/^docs\//, '').replace(/\.md$/, '.html');
}

function sectionOf(file: string): (typeof SECTIONS)[number] {
  if (file.startsWith('docs/reference/')) return 'Reference';
  if (file.startsWith('docs/protocols/')) return 'How it works';
  if (file.startsWith('docs/decisions/')) return 'Decisions';
  return file.startsWith('docs/') ? 'Guide' : 'Project';
}
