// A pattern of `include` to paths in name order. Each part between slashes may hold * ? [...] {...}; folders are not searched deeper.
import { readdir } from 'node:fs/promises';
import { join, matchesGlob } from 'node:path';

const MAGIC = /[*?[\]{}]/;
/** Names looked at for one pattern, so that a pattern over a huge tree ends. */
const MAX_NAMES = 100_000;

export function isPattern(text: string): boolean {
  return MAGIC.test(text);
}

/** The part of a path before what a pattern leaves open. */
export function fixedFolder(base: string, pattern: string): string {
  const parts = pattern.split('/');
  const fixed = parts.slice(0, parts.findIndex(isPattern)).join('/');
  return pattern.startsWith('/') ? join('/', fixed) : join(base, fixed);
}

export interface Expansion {
  readonly paths: readonly string[];
  /** Why a folder on the way could not be listed, other than being absent. */
  readonly faults: readonly { readonly folder: string; readonly code: string }[];
}

/** `base` is put before relative patterns and kept in the results, as the person would write them. */
export async function expandPattern(base: string, pattern: string): Promise<Expansion> {
  const isAbsolute = pattern.startsWith('/');
  const faults: { folder: string; code: string }[] = [];
  let found: readonly string[] = [isAbsolute ? '/' : base];
  let budget = MAX_NAMES;
  for (const part of pattern.split('/').filter((each) => each !== '')) {
    if (!isPattern(part)) {
      found = found.map((folder) => join(folder, part));
      continue;
    }
    const next: string[] = [];
    for (const folder of found) {
      const names = await namesIn(folder, faults);
      budget -= names.length;
      if (budget < 0) {
        faults.push({ folder, code: 'too many files' });
        break;
      }
      next.push(...names.filter((name) => fits(name, part)).map((name) => join(folder, name)));
    }
    found = next;
  }
  return { paths: [...found].sort(), faults };
}

/** Hidden files are what editors and package managers leave behind, unless asked for. */
function fits(name: string, part: string): boolean {
  return (!name.startsWith('.') || part.startsWith('.')) && matchesGlob(name, part);
}

async function namesIn(folder: string, faults: { folder: string; code: string }[]): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') faults.push({ folder, code });
    return [];
  }
}
