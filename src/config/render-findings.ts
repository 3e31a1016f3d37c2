// Findings -> diagnostics: the only place that asks for positions, and only for what will be shown.
import type { Diagnostic, Place } from '../model/diagnostic.ts';
import { RULES } from './check/rules.ts';
import { isReference } from './diagnostics/hide-secrets.ts';
import type { Canonical } from './legacy/to-canonical.ts';
import type { Finding, Origin } from './report.ts';
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
  const value = finding.secret === true || finding.what === 'key' ? undefined : valueAt(file.value, path);
  const message =
    finding.other === undefined
      ? finding.message
      : `${finding.message}; the other stands at ${formatPlace(placeOf(finding.other, files, canonicals))}`;
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

/** As written, before expansion; nothing for blocks, lists and whatever a secret may stand in. */
function valueAt(root: unknown, path: Path): string | undefined {
  let value = root;
  for (const step of path) {
    if (typeof step === 'string' && /password|secret|token|key_pem/.test(step)) return undefined;
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  if (typeof value === 'object' || value === undefined) return undefined;
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
