// Writes a generated page, or with --check says that the committed one differs.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Finding } from './finding.ts';

/** First difference between the committed page and what the code says, if any. */
export function differenceOf(file: string, wanted: string, found: string | undefined): Finding | undefined {
  const cure = 'run "make docs" and commit the result';
  if (found === undefined) return { file, line: 0, message: 'Does not exist', cure };
  if (found === wanted) return undefined;
  const [now, then] = [wanted.split('\n'), found.split('\n')];
  const index = now.findIndex((line, at) => line !== then[at]);
  const at = index === -1 ? now.length : index;
  return {
    file,
    line: at + 1,
    message: `Differs from the code: has "${then[at] ?? '(end)'}", the code says "${now[at] ?? '(end)'}"`,
    cure,
  };
}

export function writeOrCheck(
  root: string,
  pages: ReadonlyMap<string, string>,
  args: readonly string[],
): Finding[] {
  const findings: Finding[] = [];
  for (const [file, text] of pages) {
    const path = join(root, file);
    if (args.includes('--check')) {
      const difference = differenceOf(file, text, readIfThere(path));
      if (difference !== undefined) findings.push(difference);
    } else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
  return findings;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
