// The main file and what it includes, read side by side within bounds. Every fault is a diagnostic, none stops the others.
import { dirname } from 'node:path';
import { sortDiagnostics } from '../../config/diagnostics/sort-diagnostics.ts';
import type { ParsedFile } from '../../config/source.ts';
import { parseYaml } from '../../config/yaml/parse-yaml.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { type Include, includesOf } from './includes.ts';
import { mapBounded } from './map-bounded.ts';
import { type ReadFault, readText, type TextResult } from './read-text.ts';

export interface ConfigFiles {
  /** Those that could be read and parsed: the main file first, then as included. */
  readonly files: readonly ParsedFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** Every file that was looked for, those that are not there or no good included. */
  readonly paths: readonly string[];
  /** Where more of them may come. */
  readonly folders: readonly string[];
}

export interface ReadOptions {
  /** Where `${NAME}` in `include` comes from. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly maxFiles?: number;
  readonly maxBytes?: number;
}

const MAX_FILES = 10_000;
const MAX_TOTAL_BYTES = 256 * 1024 * 1024;
/** Reads in flight; more only wait for the four threads behind them. */
const PARALLEL = 16;

const NOT_INCLUDED: ReadFault = {
  rule: 'include-missing',
  message: 'There is no such file',
  hint: 'The path is looked for from the folder of the file that includes it; a pattern may match nothing',
};

/** A file to read, and how we came to it. */
interface Wanted {
  readonly path: string;
  readonly include?: Include;
  /** Of the files that include it, the main file first. */
  readonly chain: readonly Reached[];
}

interface Reached {
  readonly path: string;
  readonly identity: string;
}

export async function readConfigFiles(mainPath: string, options: ReadOptions = {}): Promise<ConfigFiles> {
  const reader = new ConfigReader(options);
  await reader.read(mainPath);
  const folders = [...new Set(reader.folders)];
  const { files, paths } = reader;
  return { files, diagnostics: sortDiagnostics(reader.diagnostics), paths, folders };
}

class ConfigReader {
  readonly files: ParsedFile[] = [];
  readonly diagnostics: Diagnostic[] = [];
  readonly paths: string[] = [];
  readonly folders: string[] = [];
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #maxFiles: number;
  readonly #maxBytes: number;
  readonly #seen = new Map<string, string>();
  #bytes = 0;
  #count = 0;

  constructor({ env = process.env, maxFiles = MAX_FILES, maxBytes = MAX_TOTAL_BYTES }: ReadOptions) {
    this.#env = env;
    this.#maxFiles = maxFiles;
    this.#maxBytes = maxBytes;
  }

  /** Level by level, so that the order of the files does not depend on which disk answers first. */
  async read(mainPath: string): Promise<void> {
    let level: readonly Wanted[] = [{ path: mainPath, chain: [] }];
    while (level.length > 0) {
      const admitted = this.#admit(level);
      this.paths.push(...admitted.map(({ path }) => path));
      const texts = await mapBounded(admitted, PARALLEL, ({ path }) => readText(path));
      const next: Wanted[] = [];
      for (const [index, wanted] of admitted.entries())
        next.push(...(await this.#take(wanted, texts[index]!)));
      level = next;
    }
  }

  #admit(level: readonly Wanted[]): readonly Wanted[] {
    const room = this.#maxFiles - this.#count;
    this.#count += level.length;
    if (level.length <= room) return level;
    this.#report(level[Math.max(0, room)]!, {
      rule: 'too-many-files',
      message: `The configuration has more than ${this.#maxFiles} files`,
      hint: 'Put several objects into one file',
    });
    return level.slice(0, Math.max(0, room));
  }

  async #take(wanted: Wanted, result: TextResult): Promise<readonly Wanted[]> {
    if (!result.ok) {
      // A folder that a pattern happens to catch is nobody's intention.
      const isStray = wanted.include?.isPattern === true && result.fault.isDirectory === true;
      if (!isStray) this.#report(wanted, result.fault);
      return [];
    }
    const { text, bytes, identity } = result;
    if (this.#isRepeated(wanted, identity)) return [];
    const wasWithin = this.#bytes <= this.#maxBytes;
    this.#bytes += bytes;
    if (this.#bytes > this.#maxBytes) {
      // Once is enough: thousands of files may follow.
      if (wasWithin)
        this.#report(wanted, {
          rule: 'config-too-large',
          message: `The configuration is larger than ${Math.round(this.#maxBytes / 1024 / 1024)} MiB`,
          hint: 'Look for files that "include" should not name',
        });
      return [];
    }
    const role = wanted.chain.length === 0 ? 'main' : 'included';
    const parsed = parseYaml({ file: wanted.path, text, role });
    if (!parsed.ok) {
      this.diagnostics.push(...parsed.diagnostics);
      return [];
    }
    this.files.push(parsed.file);
    this.diagnostics.push(...parsed.warnings);
    return await this.#includes(wanted, parsed.file, identity);
  }

  async #includes(wanted: Wanted, file: ParsedFile, identity: string): Promise<readonly Wanted[]> {
    const { includes, diagnostics, folders } = await includesOf(file, dirname(wanted.path), this.#env);
    this.folders.push(...folders);
    this.diagnostics.push(...diagnostics);
    const chain = [...wanted.chain, { path: wanted.path, identity }];
    return includes.map((include) => ({ path: include.path, include, chain }));
  }

  #isRepeated(wanted: Wanted, identity: string): boolean {
    const first = this.#seen.get(identity);
    if (first === undefined) {
      this.#seen.set(identity, wanted.path);
      return false;
    }
    const at = wanted.chain.findIndex((each) => each.identity === identity);
    // A pattern such as "*.yaml" catches the file it stands in: harmless.
    const catchesItself = at === wanted.chain.length - 1 && wanted.include?.isPattern === true;
    if (at !== -1 && !catchesItself) {
      const names = [...wanted.chain.slice(at).map((each) => each.path), wanted.path];
      this.#report(wanted, {
        rule: 'include-circular',
        message: `The files include each other in a circle: ${names.join(' -> ')}`,
        hint: 'Remove one of the "include" lines',
      });
    } else if (!catchesItself) {
      this.#report(
        wanted,
        {
          rule: 'include-twice',
          message: `The file ${wanted.path} is already read as ${first}`,
          hint: 'Name it once',
        },
        'warning',
      );
    }
    return true;
  }

  /** Where there is an `include` that led here, the fault stands there. */
  #report({ path, include }: Wanted, fault: ReadFault, severity: Diagnostic['severity'] = 'error'): void {
    const { rule, message, hint } = include !== undefined && fault.isMissing === true ? NOT_INCLUDED : fault;
    const about = include === undefined || message.includes(path) ? message : `${path}: ${message}`;
    this.diagnostics.push({
      severity,
      rule,
      path: include?.diagnosticPath ?? '',
      message: about,
      hint,
      place: include?.place ?? { file: path, line: 0, column: 0 },
      ...(include?.excerpt === undefined ? {} : { excerpt: include.excerpt }),
    });
  }
}
