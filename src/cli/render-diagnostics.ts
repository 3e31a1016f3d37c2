// Diagnostics as a compiler prints them: rule, place, the line with a caret, value, hint; the sum at the end.
import type { Diagnostic } from '../model/diagnostic.ts';
import { type Paint, paint } from '../plan/paint.ts';

/** Columns of a line shown around the fault; longer lines are cut on both sides. */
const WINDOW = 100;

export function renderDiagnostics(diagnostics: readonly Diagnostic[], colour: boolean): string {
  const ink = paint(colour);
  return diagnostics.map((diagnostic) => renderOne(diagnostic, ink)).join('\n');
}

/** `2 errors, 1 warning` */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const parts = [
    ...(errors > 0 ? [`${errors} ${errors === 1 ? 'error' : 'errors'}`] : []),
    ...(warnings > 0 ? [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`] : []),
  ];
  return parts.length === 0 ? 'no faults' : parts.join(', ');
}

function renderOne(diagnostic: Diagnostic, ink: Paint): string {
  const { severity, rule, message, path, value, hint, place, excerpt } = diagnostic;
  const tone = severity === 'error' ? ink.red : ink.yellow;
  const lines = [`${tone(`${severity}[${rule}]`)}: ${ink.bold(message)}`];
  if (place !== undefined) {
    const at = place.line === 0 ? place.file : `${place.file}:${place.line}:${place.column}`;
    lines.push(`  --> ${at}${path === '' ? '' : `  ${ink.dim(path)}`}`);
    if (excerpt !== undefined && place.line > 0) lines.push(...excerptLines(excerpt, place, tone, ink));
  } else if (path !== '') lines.push(`  --> ${path}`);
  const shown = value !== undefined && !`${message}${excerpt ?? ''}`.includes(value);
  if (shown) lines.push(`  value: ${value}`);
  if (hint !== undefined) lines.push(`  hint: ${hint}`);
  return `${lines.join('\n')}\n`;
}

function excerptLines(
  excerpt: string,
  place: { readonly line: number; readonly column: number },
  tone: (text: string) => string,
  ink: Paint,
): string[] {
  const { text, column } = cut(printable(excerpt), place.column);
  const number = String(place.line);
  const gutter = ' '.repeat(number.length);
  return [
    `   ${ink.dim(`${number} |`)} ${text}`,
    `   ${ink.dim(`${gutter} |`)} ${' '.repeat(Math.max(0, column - 1))}${tone('^')}`,
  ];
}

/** One column a character, so that the caret stays under its place: no tabs, no control characters, no escapes. */
function printable(line: string): string {
  return line.replaceAll('\t', ' ').replaceAll(/[\x00-\x1f\x7f-\x9f\u2028\u2029]/g, '\u00b7');
}

function cut(line: string, column: number): { text: string; column: number } {
  if (line.length <= WINDOW) return { text: line, column };
  const from = Math.max(0, Math.min(column - 1 - WINDOW / 2, line.length - WINDOW));
  const before = from > 0 ? '...' : '';
  const after = from + WINDOW < line.length ? '...' : '';
  return {
    text: `${before}${line.slice(from, from + WINDOW)}${after}`,
    column: column - from + before.length,
  };
}
