// JSON with sorted keys: equal values give equal text, whatever order they were built in.

import { Note } from './note.ts';

/** Maps are written as objects; what has a `toJSON` (a Secret) says itself. */
export function stableJson(value: unknown, indent?: number): string {
  // A text of a whole configuration is made of some hundred thousand values: written by hand, each is walked once.
  const text =
    indent === undefined ? textOf(value, '') : JSON.stringify(value, (_, one) => sorted(one), indent);
  // What JSON has no word for is undefined, whatever its type says.
  return text ?? 'null';
}

/** Texts of values that never change and are written over and over; empty until the first time. */
const KEPT = new Note<object, string>();

/** Says that the value, and all in it, stays as it is: it is written out once. */
export function keepText<T extends object>(value: T): T {
  if (KEPT.get(value) === undefined) KEPT.set(value, '');
  return value;
}

/** The value of a text that stableJson made, for who writes it out again. */
export function parseKept(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (typeof value === 'object' && value !== null) KEPT.set(value, text);
  return value;
}

function textOf(given: unknown, key: string): string | undefined {
  let value = given;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : 'null';
  if (typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function')
    value = value.toJSON(key) as unknown;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const kept = KEPT.get(value);
  if (kept === undefined) return composed(value);
  if (kept !== '') return kept;
  // In one piece: what is put together of pieces would be joined anew wherever it is used.
  const text = Buffer.from(composed(value)).toString('utf8');
  KEPT.set(value, text);
  return text;
}

function composed(value: object): string {
  if (Array.isArray(value)) {
    let text = '[';
    for (let i = 0; i < value.length; i++)
      text += `${i === 0 ? '' : ','}${textOf(value[i], String(i)) ?? 'null'}`;
    return `${text}]`;
  }
  const block = (value instanceof Map ? Object.fromEntries(value) : value) as Readonly<
    Record<string, unknown>
  >;
  let text = '{';
  for (const name of sortedNames(block)) {
    const inner = textOf(block[name], name);
    if (inner !== undefined) text += `${text === '{' ? '' : ','}${quoted(name)}:${inner}`;
  }
  return `${text}}`;
}

/** Few names, written over and over. Bounded by starting over. */
const KNOWN_NAMES = 4096;
const QUOTED = new Map<string, string>();

function quoted(name: string): string {
  let text = QUOTED.get(name);
  if (text === undefined) {
    if (QUOTED.size >= KNOWN_NAMES) QUOTED.clear();
    text = JSON.stringify(name);
    QUOTED.set(name, text);
  }
  return text;
}

const NUMBER = /^\d/;

/** Names that are numbers come first and by their value, as in every object of the language. */
function sortedNames(block: Readonly<Record<string, unknown>>): readonly string[] {
  const names = Object.keys(block);
  const [first] = names;
  if (first !== undefined && NUMBER.test(first)) return Object.keys(sorted(block) as object);
  return names.sort();
}

function sorted(value: unknown): unknown {
  if (value instanceof Map) return sorted(Object.fromEntries(value));
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
