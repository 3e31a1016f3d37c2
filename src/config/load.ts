// Parsed files -> Intent, or everything that is wrong with them. Pure: what it reads of the outside comes as arguments.
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Intent } from '../model/intent.ts';
import { checkAll } from './check/check-all.ts';
import { decode } from './decode/intent.ts';
import { type ReadSecret, SecretReader } from './decode/secret-reader.ts';
import { type Environment, expand } from './expand.ts';
import { hashOf } from './hash.ts';
import { keepObjects } from './keep-objects.ts';
import { type Canonical, toCanonical } from './legacy/to-canonical.ts';
import { type FileDoc, merge, SECTIONS, type Section } from './merge.ts';
import { readApi } from './read-api.ts';
import { readFile } from './read-file.ts';
import { renderFindings } from './render-findings.ts';
import { type Finding, Report } from './report.ts';
import { isBlock } from './schema/block.ts';
import type { MainDoc } from './schema/document.ts';
import type { ParsedFile } from './source.ts';

export interface LoadOptions {
  /** Name of the node where the file gives none. */
  readonly hostName?: string;
  /** Without it secret files are taken as present. */
  readonly readSecret?: ReadSecret;
  /** The files as they were loaded before: most of a reload says what was said already. */
  readonly before?: readonly ParsedFile[];
}

export interface LoadResult {
  /** Absent when there are errors. */
  readonly intent?: Intent;
  readonly diagnostics: readonly Diagnostic[];
  /** SHA-256 over the canonical JSON of the Intent. */
  readonly hash?: string;
  /** Every object as it stands in the files, canonical and not expanded. */
  readonly written: readonly WrittenObject[];
}

export interface WrittenObject {
  readonly section: Section;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
  /** Index into the files given, and into the list there. */
  readonly file: number;
  readonly index: number;
}

export function loadConfig(
  files: readonly ParsedFile[],
  env: Environment,
  options: LoadOptions = {},
): LoadResult {
  const report = new Report();
  const canonicals: Canonical[] = [];
  const docs: FileDoc[] = [];
  files.forEach((file, index) => {
    const read = readOnce(file, index, env, options.before);
    canonicals.push(read.canonical);
    docs.push(read.doc);
    report.findings.push(...read.findings);
  });

  const merged = merge(docs, report, apiAbove(files, docs));
  const secrets = new SecretReader(env, options.readSecret, report);
  const intent = decode(merged, options.hostName ?? 'localhost', secrets, report);
  checkAll(
    merged,
    intent,
    report,
    canonicals.map((canonical) => canonical.value),
  );

  const good = report.hasErrors() ? {} : { intent, hash: hashOf(intent, secrets.seen) };
  return new Result(good, report.findings, files, canonicals);
}

/**
 * A daemon asks for diagnostics of few of its loads: most are good, and their warnings were told before. A class, as a getter written
 * in an object is another shape of objects each time: V8 keeps that shape, and with it all that the getter sees, until the next
 * full collection.
 */
class Result implements LoadResult {
  readonly intent?: Intent;
  readonly hash?: string;
  readonly #findings: readonly Finding[];
  readonly #files: readonly ParsedFile[];
  readonly #canonicals: readonly Canonical[];
  #diagnostics: readonly Diagnostic[] | undefined;
  #written: readonly WrittenObject[] | undefined;

  constructor(
    good: Pick<LoadResult, 'intent' | 'hash'>,
    findings: readonly Finding[],
    files: readonly ParsedFile[],
    canonicals: readonly Canonical[],
  ) {
    if (good.intent !== undefined) this.intent = good.intent;
    if (good.hash !== undefined) this.hash = good.hash;
    this.#findings = findings;
    this.#files = files;
    this.#canonicals = canonicals;
  }

  get diagnostics(): readonly Diagnostic[] {
    this.#diagnostics ??= renderFindings(this.#findings, this.#files, this.#canonicals);
    return this.#diagnostics;
  }

  get written(): readonly WrittenObject[] {
    this.#written ??= writtenIn(this.#files, this.#canonicals);
    return this.#written;
  }
}

/** What came of it with other words about it: a copy by `...` would have none, as they stand in the class. */
export function tellWith(loaded: LoadResult, diagnostics: readonly Diagnostic[]): LoadResult {
  const { intent, hash, written } = loaded;
  return {
    ...(intent === undefined ? {} : { intent }),
    ...(hash === undefined ? {} : { hash }),
    diagnostics,
    written,
  };
}

interface ReadFile {
  readonly env: Environment;
  readonly index: number;
  readonly canonical: Canonical;
  readonly doc: FileDoc;
  readonly findings: readonly Finding[];
}

/** A daemon judges the same files again with every write of its API: what they say by themselves is read once. */
const READ = new WeakMap<ParsedFile, ReadFile>();

function readOnce(
  file: ParsedFile,
  index: number,
  env: Environment,
  before: readonly ParsedFile[] = [],
): ReadFile {
  const known = READ.get(file);
  if (known !== undefined && known.index === index && known.env === env) return known;
  const report = new Report();
  const [canonical, read] = file.fromApi
    ? readObjects(file, index, report)
    : readText(file, index, env, report);
  const old = before.find((one) => one.source.file === file.source.file);
  const oldRead = old && READ.get(old);
  const doc = oldRead === undefined ? read : keepObjects(read, oldRead.doc);
  const result = { env, index, canonical, doc, findings: report.findings };
  READ.set(file, result);
  return result;
}

function readObjects(file: ParsedFile, index: number, report: Report): [Canonical, FileDoc] {
  const value = file.value as Parameters<typeof readApi>[1];
  return [asWritten(value), readApi(index, value, report)];
}

function readText(file: ParsedFile, index: number, env: Environment, report: Report): [Canonical, FileDoc] {
  const { role } = file.source;
  const canonical = toCanonical(file.value, role);
  for (const warning of canonical.warnings)
    report.addWritten(warning.rule, { file: index, path: warning.path }, warning);
  const expansion = expand(canonical.value, env);
  for (const { name, path } of expansion.missing)
    report.add('missing-variable', { file: index, path }, `The environment variable "${name}" is not set`);
  for (const { text, path } of expansion.malformed)
    report.add(
      'bad-expansion',
      { file: index, path },
      `Cannot expand "${text.slice(0, 40)}" as it is no \${NAME}`,
    );
  const unexpanded = [...expansion.missing, ...expansion.malformed].map(({ path }) => path);
  return [canonical, readFile(index, role, expansion.value, report, unexpanded)];
}

/** Where the files say that the API may change their objects: the index of what came through it. */
function apiAbove(files: readonly ParsedFile[], docs: readonly FileDoc[]): number | undefined {
  const main = docs.find((one) => one.role === 'main')?.doc as MainDoc | undefined;
  const index = files.findIndex((file) => file.fromApi);
  return main?.api?.writable_files === true && index !== -1 ? index : undefined;
}

function asWritten(value: unknown): Canonical {
  return { value, origin: (path) => path, warnings: [] };
}

function writtenIn(files: readonly ParsedFile[], canonicals: readonly Canonical[]): WrittenObject[] {
  const out: WrittenObject[] = [];
  canonicals.forEach(({ value }, file) => {
    if (files[file]?.fromApi || !isBlock(value)) return;
    for (const section of SECTIONS) {
      const entries = value[section];
      if (!Array.isArray(entries)) continue;
      entries.forEach((spec: unknown, index) => {
        if (isBlock(spec) && typeof spec.name === 'string')
          out.push({ section, name: spec.name, spec, file, index });
      });
    }
  });
  return out;
}
