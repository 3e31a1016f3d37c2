// Where a configuration comes from: files on disk, files of an older revision, objects of the API; and what becomes of them.
import { createHash } from 'node:crypto';
import { type LoadResult, tellWith } from '../../../config/load.ts';
import type { ParsedFile } from '../../../config/source.ts';
import type { StoredFile, StoredObject } from '../../../engine/config-port.ts';
import { type Diagnostic, hasErrors } from '../../../model/diagnostic.ts';
import type { Intent } from '../../../model/intent.ts';

export interface ReadFiles {
  /** Those that could be read and parsed. */
  readonly files: readonly ParsedFile[];
  readonly diagnostics: readonly Diagnostic[];
  /** On disk: every file that was looked for, and the folders where more of them may come. */
  readonly paths?: readonly string[];
  readonly folders?: readonly string[];
}

/** Provided by the wiring. */
export interface ConfigSource {
  read(): Promise<ReadFiles>;
  parse(files: readonly StoredFile[]): ReadFiles;
  /** Files and objects under one validation. */
  load(files: readonly ParsedFile[], objects: Iterable<StoredObject>): LoadResult;
}

export interface FileSet {
  readonly parsed: readonly ParsedFile[];
  readonly stored: readonly StoredFile[];
  /** Of the reading itself: syntax and includes. */
  readonly diagnostics: readonly Diagnostic[];
  /** Another one when any text is another. */
  readonly digest: string;
}

export function toFileSet({ files, diagnostics }: ReadFiles): FileSet {
  const stored = files.map(({ source: { file, role, text } }) => ({ file, role, text }));
  const faults = diagnostics.filter((one) => one.severity === 'error');
  const digest = createHash('sha256')
    .update(JSON.stringify([stored, faults.map(({ place, message }) => [place, message])]))
    .digest('base64url');
  return { parsed: files, stored, diagnostics, digest };
}

export interface Loaded extends LoadResult {
  readonly intent: Intent;
  readonly hash: string;
}

/** What came of it, with the faults of the reading; undefined Intent where there are errors. */
export function loadWith(source: ConfigSource, files: FileSet, objects: Iterable<StoredObject>): LoadResult {
  // With a file missing, what names something in it would be told as wrong too.
  if (hasErrors(files.diagnostics)) return { diagnostics: files.diagnostics, written: [] };
  const loaded = source.load(files.parsed, objects);
  if (files.diagnostics.length === 0) return loaded;
  return tellWith(loaded, [...files.diagnostics, ...loaded.diagnostics]);
}

export function isGood(loaded: LoadResult): loaded is Loaded {
  return loaded.intent !== undefined && loaded.hash !== undefined;
}

/** The first error with its place, and how many more there are. */
export function firstFault(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((one) => one.severity === 'error');
  const [first] = errors;
  const { file, line } = first?.place ?? { file: '', line: 0 };
  const where = file === '' ? '' : line === 0 ? `${file}: ` : `${file}:${line}: `;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return `${where}${first?.message ?? 'The configuration cannot be read'}${more}`;
}
