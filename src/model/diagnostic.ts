// A fault or doubt about what a person wrote: where, what, which value, which rule, what to do.

export type Severity = 'error' | 'warning';

/** Stands in place of a file for what came through the API; a path follows it. */
export const API_FILE = 'api';

export interface Place {
  readonly file: string;
  /** From 1; 0 when the file has no such line (empty, unreadable). */
  readonly line: number;
  readonly column: number;
}

export interface Diagnostic {
  readonly severity: Severity;
  /** Stable id of the rule: `unknown-key`, `port-overlap`, `timeout-over-interval`. Listed in docs/reference/diagnostics.md. */
  readonly rule: string;
  /** `listeners[2].members[0].weight` */
  readonly path: string;
  readonly message: string;
  /** The offending value, shortened; never of a secret. */
  readonly value?: string;
  readonly hint?: string;
  readonly place?: Place;
  /** The line of the file, without its end. */
  readonly excerpt?: string;
}

export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}
