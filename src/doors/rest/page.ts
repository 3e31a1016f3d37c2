// Lists: filtered, sorted, cut into pages that go on where the last one ended, with only the keys asked for. Pure.
import { InputError } from '../../model/errors.ts';

export interface ListQuery {
  readonly limit: number;
  readonly after?: string | undefined;
  readonly name?: string | undefined;
  readonly sort?: string | undefined;
  readonly fields?: string | undefined;
}

/** What is listed: its name alone while that is enough, made when it must be shown or looked into. */
export interface Entry<T> {
  readonly name: string;
  readonly make: () => T;
}

export interface Page {
  readonly items: readonly unknown[];
  readonly total: number;
  readonly next?: string;
}

export type SortKeys<T> = Readonly<Record<string, (one: T) => string | number>>;

type Key = readonly [value: string | number, name: string];

export function pageOf<T extends object>(
  entries: readonly Entry<T>[],
  query: ListQuery,
  keys: SortKeys<T> = {},
  matches?: (one: T) => boolean,
): Page {
  const { name, limit, sort = 'name' } = query;
  const named = name === undefined ? entries : entries.filter((one) => one.name.includes(name));
  const chosen = matches === undefined ? named : named.filter((one) => matches(one.make()));
  const down = sort.startsWith('-');
  const by = down ? sort.slice(1) : sort;
  const sortValue = keys[by];
  const keyed = chosen.map((entry): { key: Key; entry: Entry<T> } => ({
    key: [sortValue === undefined ? '' : sortValue(entry.make()), entry.name],
    entry,
  }));
  const sign = down ? -1 : 1;
  keyed.sort((a, b) => sign * compare(a.key, b.key));
  const rest =
    query.after === undefined ? keyed : after(keyed, keyOf(query.after, sortValue !== undefined), sign);
  const page = rest.slice(0, limit);
  const last = page.at(-1)?.key;
  return {
    items: page.map(({ entry }) => pick(entry.make(), query.fields)),
    total: chosen.length,
    ...(rest.length > limit && last !== undefined ? { next: textOf(last, sortValue !== undefined) } : {}),
  };
}

function after<T>(keyed: readonly { key: Key; entry: T }[], from: Key, sign: number) {
  const at = keyed.findIndex(({ key }) => sign * compare(key, from) > 0);
  return at === -1 ? [] : keyed.slice(at);
}

function compare([a, x]: Key, [b, y]: Key): number {
  const first = typeof a === 'number' && typeof b === 'number' ? a - b : order(String(a), String(b));
  return first === 0 ? order(x, y) : first;
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** By name the name itself: people type it. */
function textOf(key: Key, hasValue: boolean): string {
  return hasValue ? Buffer.from(JSON.stringify(key)).toString('base64url') : key[1];
}

function keyOf(text: string, hasValue: boolean): Key {
  if (!hasValue) return ['', text];
  try {
    const key: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(key) && key.length === 2 && typeof key[1] === 'string') {
      const value: unknown = key[0];
      if (typeof value === 'string' || typeof value === 'number') return [value, key[1]];
    }
  } catch {
    // Told below: whatever it is, it is none of ours.
  }
  throw new InputError('USAGE', 'Cannot read "after" as the end of a page of this order', {
    hint: 'Give it the "next" of an answer to the same question',
  });
}

function pick(one: object, fields: string | undefined): unknown {
  if (fields === undefined) return one;
  const words = new Set(fields.split(','));
  return Object.fromEntries(Object.entries(one).filter(([key]) => words.has(key)));
}
