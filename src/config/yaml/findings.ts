// Collects diagnostics of one text by offset, capped, so that a hostile file costs no more than its excerpt.
import type { Diagnostic, Severity } from '../../model/diagnostic.ts';
import { YAML_LIMITS } from './limits.ts';
import type { LineIndex } from './line-index.ts';

export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly hint?: string;
  readonly value?: string;
  readonly path?: string;
  readonly severity?: Severity;
}

export class Findings {
  readonly #lines: LineIndex;
  readonly #all: Diagnostic[] = [];

  constructor(lines: LineIndex) {
    this.#lines = lines;
  }

  add(offset: number, { rule, message, hint, value, path = '', severity = 'error' }: Finding): void {
    if (this.#all.length >= YAML_LIMITS.diagnostics) return;
    const place = this.#lines.placeOf(offset);
    const excerpt = this.#lines.excerpt(place.line);
    const hidesSecret = excerpt !== this.#lines.lineText(place.line);
    this.#all.push({
      severity,
      rule,
      path,
      message,
      ...(value === undefined || hidesSecret ? {} : { value }),
      ...(hint === undefined ? {} : { hint }),
      place,
      excerpt,
    });
  }

  get all(): readonly Diagnostic[] {
    return this.#all;
  }

  /** `3:14`, for messages that point at a second place. */
  lineColumn(offset: number): string {
    const { line, column } = this.#lines.placeOf(offset);
    return `${line}:${column}`;
  }
}
