// The account of every directive: carried, changed or not carried, with its line. Nothing is dropped in silence.
import type { Diagnostic, Severity } from '../../../model/diagnostic.ts';

export type Fate = 'carried' | 'changed' | 'not carried';

export interface ReportLine {
  readonly file: string;
  readonly line: number;
  readonly directive: string;
  readonly what: Fate;
  readonly note: string;
}

/** Anything that came from a line of the input. */
export interface Origin {
  readonly file: string;
  readonly line: number;
  readonly raw: string;
  /** What stands before it on its line, in characters. */
  readonly indent?: number;
}

interface Entry {
  readonly origin: Origin;
  readonly directive: string;
  what: Fate;
  readonly notes: string[];
}

const RANK: Readonly<Record<Fate, number>> = { carried: 0, changed: 1, 'not carried': 2 };
const MOST_DIAGNOSTICS = 1000;
const LONGEST_INDENT = 200;

export class Ledger {
  readonly #entries = new Map<Origin, Entry>();
  readonly #diagnostics: Diagnostic[] = [];
  readonly #said = new Set<string>();
  #report: readonly ReportLine[] | undefined;

  /** The worse fate stays; notes add up. */
  mark(origin: Origin, directive: string, what: Fate, note = ''): void {
    this.#report = undefined;
    const entry = this.#entries.get(origin);
    if (entry === undefined) {
      this.#entries.set(origin, { origin, directive, what, notes: note === '' ? [] : [note] });
      return;
    }
    if (RANK[what] > RANK[entry.what]) entry.what = what;
    if (note !== '' && !entry.notes.includes(note)) entry.notes.push(note);
  }

  isMarked(origin: Origin): boolean {
    return this.#entries.has(origin);
  }

  say(severity: Severity, rule: string, origin: Origin, message: string, hint?: string): void {
    if (this.#diagnostics.length >= MOST_DIAGNOSTICS) return;
    // A line is read once for each of its listeners, and a sequence block is one line.
    const key = `${origin.file}\0${origin.line}\0${rule}\0${message}`;
    if (this.#said.has(key)) return;
    this.#said.add(key);
    const indent = Math.min(origin.indent ?? 0, LONGEST_INDENT);
    this.#diagnostics.push({
      severity,
      rule,
      path: '',
      message,
      place: { file: origin.file, line: origin.line, column: indent + 1 },
      excerpt: ' '.repeat(indent) + withoutPasswords(origin.raw.slice(0, 200)),
      ...(hint === undefined ? {} : { hint }),
    });
  }

  diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  /** In the order of the files; what a sequence block repeated is told once. */
  report(): readonly ReportLine[] {
    this.#report ??= this.#makeReport();
    return this.#report;
  }

  #makeReport(): readonly ReportLine[] {
    const seen = new Set<string>();
    const lines: ReportLine[] = [];
    for (const { origin, directive, what, notes } of this.#entries.values()) {
      const note = notes.join('; ');
      const key = `${origin.file}\0${origin.line}\0${directive}\0${what}\0${note}`;
      if (seen.has(key)) continue;
      seen.add(key);
      lines.push({ file: origin.file, line: origin.line, directive, what, note });
    }
    const order = new Map<string, number>();
    for (const line of lines) if (!order.has(line.file)) order.set(line.file, order.size);
    return lines.sort((a, b) => order.get(a.file)! - order.get(b.file)! || a.line - b.line);
  }
}

/** A diagnostic shows the line it is about, and a misspelt `auth_pass` is such a line. */
function withoutPasswords(line: string): string {
  return line.replace(/(pass\w*[\s=]+)\S.*/i, '$1[redacted]');
}
