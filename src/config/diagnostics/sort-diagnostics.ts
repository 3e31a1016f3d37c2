// The one order of diagnostics: by file, line and column; what has no place comes first.
import { API_FILE, type Diagnostic } from '../../model/diagnostic.ts';

export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort(compare);
}

function compare(a: Diagnostic, b: Diagnostic): number {
  if (a.place === undefined || b.place === undefined) {
    return Number(a.place !== undefined) - Number(b.place !== undefined);
  }
  if (a.place.file !== b.place.file) return a.place.file < b.place.file ? -1 : 1;
  return a.place.line - b.place.line || a.place.column - b.place.column;
}

/** `3 errors, 1 warning in 2 files`; what came through the API stands in none. */
export function summarize(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const files = new Set(
    diagnostics.flatMap(({ place }) => (place === undefined || isOfApi(place.file) ? [] : [place.file])),
  ).size;
  const parts = [
    ...(errors > 0 || warnings === 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ];
  return `${parts.join(', ')}${files > 0 ? ` in ${count(files, 'file')}` : ''}`;
}

function isOfApi(file: string): boolean {
  return file.startsWith(`${API_FILE}: `);
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
