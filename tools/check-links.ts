// Every relative link of the documents leads to a file that exists and, with a fragment, to a heading in it.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { type Finding, isMain, ROOT, readTexts, report } from './lib/finding.ts';

const LINK = /\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)/g;
const DOCUMENTS = '{*.md,{docs,src,examples,bpf,packaging,lab,bench,test,web}/**/*.md}';

export function checkLinks(root: string): Finding[] {
  return readTexts(root, DOCUMENTS).flatMap(({ file, text }) =>
    linksOf(text).flatMap(({ target, line }) => {
      const fault = faultOf(root, file, target);
      return fault === undefined
        ? []
        : [{ file, line, message: `Link "${target}" ${fault}`, cure: 'correct or remove the link' }];
    }),
  );
}

export function linksOf(markdown: string): { target: string; line: number }[] {
  let fenced = false;
  return markdown.split('\n').flatMap((text, index) => {
    if (/^\s*(```|~~~)/.test(text)) fenced = !fenced;
    if (fenced) return [];
    const prose = text.replace(/`[^`]*`/g, (code) => ' '.repeat(code.length));
    return [...prose.matchAll(LINK)].map((match) => ({ target: match[1]!, line: index + 1 }));
  });
}

function faultOf(root: string, file: string, target: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) return undefined;
  const [path = '', fragment] = target.split('#');
  if (path.startsWith('/')) return 'starts at the root of a machine';
  const found = path === '' ? file : posix.join(posix.dirname(file), decodeURIComponent(path));
  if (found.startsWith('..')) return 'leads out of the repository';
  if (!existsSync(join(root, found))) return `leads to "${found}", which does not exist`;
  if (fragment === undefined || !found.endsWith('.md') || statSync(join(root, found)).isDirectory())
    return undefined;
  const anchors = anchorsOf(readFileSync(join(root, found), 'utf8'));
  return anchors.has(fragment.toLowerCase()) ? undefined : `names no heading of "${found}"`;
}

/** Headings as GitHub and GitLab name them: lower case, signs dropped, spaces to hyphens. */
function anchorsOf(markdown: string): Set<string> {
  const anchors = new Set<string>();
  const seen = new Map<string, number>();
  for (const line of markdown.split('\n')) {
    const heading = /^#{1,6}\s+(.*)$/.exec(line)?.[1];
    if (heading !== undefined) {
      const base = heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-');
      const count = seen.get(base) ?? 0;
      seen.set(base, count + 1);
      anchors.add(count === 0 ? base : `${base}-${count}`);
    }
    for (const id of line.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id[1]!.toLowerCase());
  }
  return anchors;
}

if (isMain(import.meta)) report(checkLinks(ROOT));
