// Which files a parsed file includes, and what is wrong with how it says so.
import type { ParsedFile, Path } from '../../config/source.ts';
import type { Diagnostic, Place } from '../../model/diagnostic.ts';
import { expandPattern, fixedFolder, isPattern } from './expand-pattern.ts';

export interface Include {
  readonly path: string;
  readonly isPattern: boolean;
  /** Where the person said so; absent for the folders read unasked. */
  readonly place?: Place;
  readonly excerpt?: string;
  readonly diagnosticPath: string;
}

/** Read beside a main file that has no `include`. */
export const DEFAULT_INCLUDES = [
  'config.d/*.yaml',
  'config.d/*.yml',
  'conf.d/*.yaml',
  'conf.d/*.yml',
] as const;

const VARIABLE = /\$\{([A-Z0-9_]+)\}/g;

interface Wish {
  readonly pattern: string;
  /** Undefined: a default, which need not match. */
  readonly path: Path | undefined;
}

export async function includesOf(
  file: ParsedFile,
  folder: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{
  readonly includes: readonly Include[];
  readonly diagnostics: readonly Diagnostic[];
  /** Where its patterns look: what comes there later belongs to it too. */
  readonly folders: readonly string[];
}> {
  const includes: Include[] = [];
  const folders: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { pattern, path } of wishesOf(file)) {
    const expanded = expandVariables(pattern, env);
    // A missing variable is the schema's to report, with all the others.
    if (expanded === undefined) continue;
    const said = path === undefined ? undefined : placed(file, path);
    if (isPattern(expanded)) folders.push(fixedFolder(folder, expanded));
    const { paths, faults } = await expandPattern(folder, expanded);
    for (const { folder: at, code } of faults) {
      diagnostics.push({
        severity: 'error',
        rule: 'include-unreadable',
        message: `Cannot list the folder ${at}: ${code}`,
        hint: 'Check its owner and mode',
        ...(said ?? { path: '', place: { file: at, line: 0, column: 0 } }),
      });
    }
    if (paths.length === 0 && faults.length === 0 && said !== undefined) {
      diagnostics.push({
        severity: 'warning',
        rule: 'include-no-match',
        message: `No file matches "${expanded}"`,
        hint: `The pattern is looked for in ${folder}`,
        value: pattern,
        ...said,
      });
    }
    for (const each of paths) {
      const { path: diagnosticPath = '', ...where } = said ?? {};
      includes.push({ path: each, isPattern: isPattern(expanded), diagnosticPath, ...where });
    }
  }
  return { includes, diagnostics, folders };
}

/** What is neither text nor a list of texts is left to the schema. */
function wishesOf({ source, value }: ParsedFile): readonly Wish[] {
  const include = (value as Record<string, unknown>).include;
  if (include === undefined) {
    if (source.role === 'included') return [];
    return DEFAULT_INCLUDES.map((pattern) => ({ pattern, path: undefined }));
  }
  const list: readonly unknown[] = Array.isArray(include) ? include : [include];
  return list.flatMap((pattern, index) => {
    if (typeof pattern !== 'string' || pattern === '') return [];
    return [{ pattern, path: Array.isArray(include) ? ['include', index] : ['include'] }];
  });
}

function placed(file: ParsedFile, path: Path): { path: string; place: Place; excerpt: string } {
  const place = file.locate(path, 'value');
  const text = path.length === 1 ? 'include' : `include[${path[1]}]`;
  return { path: text, place, excerpt: file.excerpt(place.line) };
}

function expandVariables(
  pattern: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  let isMissing = false;
  const text = pattern.replace(VARIABLE, (_, name: string) => {
    const value = env[name];
    if (value === undefined) isMissing = true;
    return value ?? '';
  });
  return isMissing ? undefined : text;
}
