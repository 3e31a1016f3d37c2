// Findings -> diagnostics: the only place that asks for positions, and only for what will be shown.
import { HIDDEN, shownPart } from '../lib/partly-secret.ts';
import { isSecretKey } from '../lib/secret-keys.ts';
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import { RULES } from './check/rules.ts';
import { isReference } from './diagnostics/hide-secrets.ts';
import type { Canonical } from './legacy/to-canonical.ts';
import type { Finding, Origin } from './report.ts';
import { show } from './schema/field.ts';
import type { ParsedFile, Path } from './source.ts';

/** Errors and warnings shown each; whoever has more corrects these first. */
export const MOST_SHOWN = 200;

const LONGEST_VALUE = 80;

export function renderFindings(
  findings: readonly Finding[],
  files: readonly ParsedFile[],
  canonicals: readonly Canonical[],
): Diagnostic[] {
  const out: Diagnostic[] = [];
  for (const severity of ['error', 'warning'] as const) {
    const all = findings.filter((finding) => finding.severity === severity);
    const shown = all.slice(0, MOST_SHOWN).map((finding) => render(finding, files, canonicals));
    out.push(...shown.sort(byPlace(files)));
    if (all.length > shown.length)
      out.push({
        severity,
        rule: 'too-many',
        path: '',
        message: `${all.length - shown.length} more ${severity}s are not shown`,
        hint: RULES['too-many'].cure,
      });
  }
  return out;
}

function render(
  finding: Finding,
  files: readonly ParsedFile[],
  canonicals: readonly Canonical[],
): Diagnostic {
  const { file: index } = finding.origin;
  const file = files[index];
  const path = writtenPath(finding, canonicals);
  const base = {
    severity: finding.severity,
    rule: finding.rule,
    path: file?.pathText?.(path) ?? formatPath(path),
    message: finding.message,
  };
  const hint = finding.hint === undefined ? {} : { hint: finding.hint };
  if (file === undefined) return { ...base, ...hint };
  const place = file.locate(path, finding.what);
  const excerpt = place.line > 0 ? excerptOf(finding, file.excerpt(place.line), place.column) : '';
  const { written, shown } = valueAt(file.value, path);
  const value = finding.secret === true || finding.what === 'key' ? undefined : textOf(shown);
  const told =
    written === shown || typeof written === 'object'
      ? finding.message
      : finding.message.replaceAll(show(written), show(shown));
  const message =
    finding.other === undefined
      ? told
      : `${told}; the other stands at ${formatPlace(placeOf(finding.other, files, canonicals))}`;
  return {
    ...base,
    message,
    ...(value === undefined ? {} : { value }),
    ...hint,
    place,
    ...(excerpt === '' ? {} : { excerpt }),
  };
}

function writtenPath(finding: Finding, canonicals: readonly Canonical[]): Path {
  const { file, path } = finding.origin;
  const canonical = canonicals[file];
  return finding.written === true || canonical === undefined
    ? path
    : canonical.origin(spelled(canonical.value, path));
}

/** One thing may be written where a list may stand, and a word where a block may: the path follows what is there. */
function spelled(root: unknown, path: Path): Path {
  const out: (string | number)[] = [];
  let value = root;
  for (const step of path) {
    if (value !== undefined && (typeof value !== 'object' || value === null)) break;
    if (typeof step === 'number' && value !== undefined && !Array.isArray(value)) continue;
    out.push(step);
    value =
      value !== undefined && Object.hasOwn(value, step)
        ? (value as Record<string | number, unknown>)[step]
        : undefined;
  }
  return out;
}

function placeOf(origin: Origin, files: readonly ParsedFile[], canonicals: readonly Canonical[]): Place {
  const canonical = canonicals[origin.file];
  const path =
    canonical === undefined ? origin.path : canonical.origin(spelled(canonical.value, origin.path));
  return files[origin.file]?.locate(path, 'value') ?? { file: '', line: 0, column: 0 };
}

export function formatPlace(place: Place): string {
  return place.line === 0 ? place.file : `${place.file}:${place.line}:${place.column}`;
}

/** `listeners[2].members[0].weight` */
export function formatPath(path: Path): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else if (/^[A-Za-z0-9_-]+$/.test(step)) text += text === '' ? step : `.${step}`;
    else text += `[${JSON.stringify(step)}]`;
  }
  return text;
}

/** The line; where a secret itself is at fault, nothing of it. */
function excerptOf(finding: Finding, line: string, column: number): string {
  const rest = line.slice(column - 1);
  const cut = finding.secret === true && finding.what === 'value' && !isReference(rest);
  return cut ? `${line.slice(0, column - 1)}[redacted]` : line;
}

/** As written, before expansion, and as it may be shown. */
function valueAt(root: unknown, path: Path): { readonly written: unknown; readonly shown: unknown } {
  let written = root;
  let shown = root;
  let holder: string | undefined;
  for (const step of path) {
    if (typeof written !== 'object' || written === null || !Object.hasOwn(written, step))
      return { written: undefined, shown: undefined };
    written = (written as Record<string | number, unknown>)[step];
    if (shown !== HIDDEN) shown = (shown as Record<string | number, unknown>)[step];
    if (typeof step === 'number') continue;
    // `{ file: PATH }` says where a secret is.
    if (shown === HIDDEN && (step === 'file' || step === 'env')) shown = written;
    else shown = shown === HIDDEN || isSecretKey(holder, step) ? HIDDEN : shownPart(step, shown);
    holder = step;
  }
  return { written, shown };
}

/** Nothing for blocks, lists and secrets. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'object' || value === undefined || value === HIDDEN) return undefined;
  const text = String(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}...` : text;
}

function byPlace(files: readonly ParsedFile[]): (a: Diagnostic, b: Diagnostic) => number {
  const order = new Map(files.map((file, index) => [file.source.file, index]));
  return (a, b) => {
    const fileOrder = (order.get(a.place?.file ?? '') ?? -1) - (order.get(b.place?.file ?? '') ?? -1);
    if (fileOrder !== 0) return fileOrder;
    return (a.place?.line ?? 0) - (b.place?.line ?? 0) || (a.place?.column ?? 0) - (b.place?.column ?? 0);
  };
}
