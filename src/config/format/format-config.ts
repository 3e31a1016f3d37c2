// `lbctl fmt`: one file in the canonical language and layout, with its comments, anchors, order and blank lines.
import { isDeepStrictEqual } from 'node:util';
import { type Document, parseDocument } from 'yaml';
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { LegacyWarning, RuleLog } from '../legacy/rule.ts';
import { mayBeLegacy, rewrite } from '../legacy/rules.ts';
import { toCanonical } from '../legacy/to-canonical.ts';
import { toPath } from '../legacy/tree.ts';
import type { ParsedFile, Source } from '../source.ts';
import { parseYaml } from '../yaml/parse-yaml.ts';
import { fromNode, leaveAsComment, NodeBuilder } from './document-tree.ts';
import { layOut, READING } from './layout.ts';
import { writeOutAliases } from './write-out-aliases.ts';

export interface Formatted {
  /** The text as it was where it cannot be formatted, which the diagnostics then tell. */
  readonly text: string;
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
}

export interface Change {
  readonly line: number;
  readonly column: number;
  /** `"backends" is now "members"` */
  readonly message: string;
}

/** Layout settles in one pass nearly always; comments at odd places may wander once more. */
const MAX_PASSES = 4;

export function formatConfig(file: ParsedFile): Formatted {
  const { source, value } = file;
  const canonical = toCanonical(value, source.role);
  const faults = canonical.warnings.filter((warning) => warning.severity === 'error');
  if (faults.length > 0)
    return refuse(
      source,
      faults.map((fault) => toDiagnostic(fault, file)),
    );

  const changes: Change[] = [];
  for (const prepare of [keepAliases, writeOutAliases]) {
    changes.length = 0;
    const first = pass(source, prepare, changes, file);
    const text = first === undefined ? undefined : settle(source, first, prepare);
    if (text !== undefined && means(source, text, canonical.value)) return { text, changes, diagnostics: [] };
  }
  return refuse(source, [UNSAFE(source.file)]);
}

function keepAliases(): void {}

function settle(source: Source, first: string, prepare: (document: Document) => void): string | undefined {
  let text = first;
  for (let count = 1; count < MAX_PASSES; count++) {
    const next = pass({ ...source, text }, prepare, []);
    if (next === text) return text;
    if (next === undefined) return undefined;
    text = next;
  }
  return undefined;
}

/** Undefined where the document cannot be written, for example as an alias would come before its anchor. */
function pass(
  source: Source,
  prepare: (document: Document) => void,
  changes: Change[],
  file?: ParsedFile,
): string | undefined {
  const text = source.text.replace(/^\uFEFF/, '');
  const document = parseDocument(text, READING);
  if (document.errors.length > 0) return undefined;
  try {
    prepare(document);
    const root = fromNode(document.contents);
    if (root.kind === 'map' && mayBeLegacy(parsedValue({ ...source, text }))) {
      const dropped = new Set<unknown>();
      rewrite(root, source.role, logOf(document, changes, dropped, file));
      document.contents = new NodeBuilder(document, dropped).build(root) as never;
    }
    return layOut(document, text);
  } catch (error) {
    // The library refuses what it cannot write; the caller has another way, or says so.
    if (error instanceof Error) return undefined;
    throw error;
  }
}

function parsedValue(source: Source): unknown {
  const parsed = parseYaml(source);
  return parsed.ok ? parsed.file.value : undefined;
}

function logOf(
  document: Document,
  changes: Change[],
  dropped: Set<unknown>,
  file: ParsedFile | undefined,
): RuleLog {
  return {
    changed(origin, message) {
      const place = file?.locate(toPath(origin), 'key');
      if (place !== undefined) changes.push({ line: place.line, column: place.column, message });
    },
    dropped(map, index, entry) {
      dropped.add(entry.ref);
      leaveAsComment(map, index, entry, document);
    },
    warn() {},
  };
}

/** The proof that nothing changed but words: the text must read as what the file meant. */
function means(source: Source, text: string, value: unknown): boolean {
  const parsed = parseYaml({ ...source, text });
  return parsed.ok && isDeepStrictEqual(toCanonical(parsed.file.value, source.role).value, value);
}

function refuse({ text }: Source, diagnostics: readonly Diagnostic[]): Formatted {
  return { text, changes: [], diagnostics };
}

function toDiagnostic(
  { severity, rule, path, what, message, hint }: LegacyWarning,
  file: ParsedFile,
): Diagnostic {
  const place = file.locate(path, what);
  return { severity, rule, path: path.join('.'), message, hint, place, excerpt: file.excerpt(place.line) };
}

const UNSAFE = (file: string): Diagnostic => ({
  severity: 'error',
  rule: 'format-unsafe',
  path: '',
  message: 'The file cannot be rewritten without changing what it means, so it stays as it is',
  hint: 'Write its anchors and aliases out, then try again',
  place: { file, line: 0, column: 0 },
});
