// What the file door hands over: texts with their names, and parsed files that can still say where a value stood.
import type { Diagnostic, Place } from '../model/diagnostic.ts';

export interface Source {
  /** As the person named it, so that diagnostics can be clicked. */
  readonly file: string;
  readonly text: string;
  /** Included files may hold objects only, nothing of the node. */
  readonly role: 'main' | 'included';
}

/** `['listeners', 2, 'members', 0, 'weight']` */
export type Path = readonly (string | number)[];

export interface ParsedFile {
  readonly source: Source;
  /** Plain data; keys in the order of the file. */
  readonly value: unknown;
  /** Where the value (or its key) stands; the nearest ancestor where the path itself does not exist. Parses for positions on first use. */
  locate(path: Path, what: 'key' | 'value'): Place;
  /** Text of a line, without its end and its secrets; long lines are cut around the column by the renderer. */
  excerpt(line: number): string;
  /** No file at all: its objects came through the API, canonical, and must not reach into our environment. */
  readonly fromApi?: true;
  /** The path as people write it, where that is not `listeners[2].members[0]`. */
  pathText?(path: Path): string;
}

export type ParseResult =
  | { readonly ok: true; readonly file: ParsedFile; readonly warnings: readonly Diagnostic[] }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
