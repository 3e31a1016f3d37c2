// Reads the directives of one block through the table, and books each as it is read.

import { rowOf } from './directives.ts';
import type { Ledger } from './ledger.ts';
import { parseDecimal } from './numbers.ts';
import type { Directive } from './tree.ts';

export interface Scope {
  readonly block: string;
  readonly owner: Directive | undefined;
  /** The directive of that name (its first in the table); of several the last counts, as in keepalived. */
  one(name: string): Directive | undefined;
  all(name: string): readonly Directive[];
  has(name: string): boolean;
}

export function openScope(
  ledger: Ledger,
  block: string,
  owner: Directive | undefined,
  directives: readonly Directive[] = owner?.block ?? [],
): Scope {
  const groups = new Map<string, Directive[]>();
  for (const directive of directives) {
    const row = rowOf(block, directive.name);
    if (row === undefined) {
      ledger.mark(directive, directive.name, 'not carried', `keepalived has no such directive in ${block}`);
      ledger.say(
        'warning',
        'import-unknown-directive',
        directive,
        `Cannot place "${directive.name}" in ${block}`,
      );
      dropBlock(ledger, directive, `part of ${directive.name}`);
      continue;
    }
    if (row.what === 'not carried') {
      ledger.mark(directive, directive.name, row.what, row.note);
      dropBlock(ledger, directive, `part of ${directive.name}`);
      continue;
    }
    const name = row.names[0]!;
    const group = groups.get(name) ?? [];
    group.push(directive);
    groups.set(name, group);
  }

  function book(directive: Directive): void {
    const row = rowOf(block, directive.name);
    if (row !== undefined) ledger.mark(directive, directive.name, row.what, row.note);
  }

  return {
    block,
    owner,
    one(name) {
      const group = groups.get(name) ?? [];
      const last = group[group.length - 1];
      for (const earlier of group.slice(0, -1)) {
        ledger.mark(earlier, earlier.name, 'not carried', `set again on line ${last!.line}, which counts`);
        dropBlock(ledger, earlier, `part of ${earlier.name}`);
      }
      if (last !== undefined) book(last);
      return last;
    },
    all(name) {
      const group = groups.get(name) ?? [];
      for (const directive of group) book(directive);
      return group;
    },
    has: (name) => groups.has(name),
  };
}

/** Books everything in a block that is not carried over. */
export function dropBlock(ledger: Ledger, directive: Directive, why: string): void {
  for (const child of directive.block ?? []) {
    ledger.mark(child, child.name, 'not carried', why);
    dropBlock(ledger, child, why);
  }
}

/** What no translator looked at has no effect where it stands. */
export function dropUnread(ledger: Ledger, directives: readonly Directive[]): void {
  for (const directive of directives) {
    if (!ledger.isMarked(directive))
      ledger.mark(directive, directive.name, 'not carried', 'it has no effect where it stands');
    dropUnread(ledger, directive.block ?? []);
  }
}

/** A whole number in range, or nothing with the fault told. */
export function intOf(
  ledger: Ledger,
  directive: Directive | undefined,
  min: number,
  max: number,
  at = 0,
): number | undefined {
  if (directive === undefined) return undefined;
  const text = directive.args[at] ?? '';
  const value = /^[-+]?(\d{1,15}|0[xX][0-9a-fA-F]{1,8})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  return refuse(ledger, directive, `must be a whole number ${min} to ${max}`, text);
}

/** keepalived's timers: seconds with a fraction. Comes out as milliseconds. */
export function timerOf(
  ledger: Ledger,
  directive: Directive | undefined,
  maxSeconds = 86_400 * 365,
): number | undefined {
  if (directive === undefined) return undefined;
  const seconds = parseDecimal(directive.args[0] ?? '');
  if (seconds !== undefined && seconds >= 0 && seconds <= maxSeconds) return Math.round(seconds * 1000);
  return refuse(ledger, directive, 'must be a time in seconds', directive.args[0] ?? '');
}

const TRUE = new Set(['on', 'true', 'yes']);
const FALSE = new Set(['off', 'false', 'no']);

/** A switch: the name alone is on. */
export function flagOf(ledger: Ledger, directive: Directive | undefined): boolean | undefined {
  if (directive === undefined) return undefined;
  const text = directive.args[0]?.toLowerCase();
  if (text === undefined || TRUE.has(text)) return true;
  if (FALSE.has(text)) return false;
  return refuse(ledger, directive, 'must be on or off', text);
}

export function refuse(ledger: Ledger, directive: Directive, must: string, value: string): undefined {
  const rule = `Value ${must}: current value is "${value.slice(0, 60)}"`;
  ledger.mark(directive, directive.name, 'not carried', rule);
  ledger.say(
    'warning',
    'import-bad-value',
    directive,
    `Cannot read ${directive.name} as its v${rule.slice(1)}`,
  );
  return undefined;
}
