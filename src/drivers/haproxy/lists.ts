// Lists beside the configuration: who may come in, and what a rule compares with. A reload reads them from their files,
// everything between goes through the socket, so each of their entries is an item of its own.
import { readFileSync } from 'node:fs';
import { type Item, item } from '../../model/item.ts';
import { poolKey } from '../../model/keys.ts';
import { backendName } from './names.ts';
import { decodeName } from './quote.ts';
import { replaceFile } from './run-files.ts';

/** An allowed source, a value that sends to a pool, a value that a rule holds for. */
export const ENTRY_KINDS = ['source', 'route', 'value'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface List {
  /** `allowed`, `r0.host`; unique in its listener. */
  readonly name: string;
  readonly kind: EntryKind;
  readonly path: string;
  /** Of routes: how the listener's own pool is called. */
  readonly ownPool?: string;
}

/** What a list holds: the backend a value sends to, nothing for the other kinds. */
export type Entries = ReadonlyMap<string, string>;

export interface FilledList extends List {
  readonly entries: Entries;
}

/** One word of a list's line and of a command: neither has quotes, `#` begins a comment or a number, `<<` a payload. */
export function isListable(value: string): boolean {
  return /^(?!#|<<)[!-~]{1,1000}$/.test(value);
}

export function isEntry({ kind }: Item): boolean {
  return (ENTRY_KINDS as readonly string[]).includes(kind);
}

export function entryItem(listener: string, list: List, value: string, backend: string): Item {
  const fields = list.kind === 'route' ? { to: poolOf(listener, list, backend) } : {};
  return item(list.kind, `${listener} ${list.name} ${value}`, fields, listener);
}

export function entryItems(listener: string, lists: readonly FilledList[]): readonly Item[] {
  return lists.flatMap((list) =>
    [...list.entries].map(([value, backend]) => entryItem(listener, list, value, backend)),
  );
}

/** Names of lists and values hold no blanks. */
export function placeOf({ key, parent = '' }: Item): { readonly list: string; readonly value: string } {
  const [list = '', value = ''] = key.slice(parent.length + 1).split(' ');
  return { list, value };
}

export function backendOf({ parent = '', fields }: Item, list: List): string {
  const { to } = fields;
  if (to === undefined) return '';
  return backendName(to === list.ownPool ? parent : poolKey(parent, String(to)));
}

function poolOf(listener: string, { ownPool = '' }: List, backend: string): string {
  const container = decodeName(backend.slice('be_'.length));
  return container === listener ? ownPool : container.slice(poolKey(listener, '').length);
}

export function writeList(path: string, entries: Entries): void {
  replaceFile(path, listText(entries));
}

export function listText(entries: Entries): string {
  return [...entries].map(([value, backend]) => `${`${value} ${backend}`.trimEnd()}\n`).join('');
}

/** Empty where there is none. */
export function readList(path: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
  return toEntries(text.split('\n'));
}

export function showCommand({ kind, path }: List): string {
  return `show ${kind === 'route' ? 'map' : 'acl'} ${path}`;
}

/** Lines of an address, the value and what it stands for. */
export function readShown(answer: string): Entries | undefined {
  const lines = answer.split('\n').filter((line) => line !== '');
  if (lines.some((line) => !line.startsWith('0x'))) return undefined;
  return toEntries(lines.map((line) => line.slice(line.indexOf(' ') + 1)));
}

function toEntries(lines: readonly string[]): Map<string, string> {
  const entries = new Map<string, string>();
  for (const line of lines) {
    const [value = '', backend = ''] = line.split(' ');
    // Of two alike HAProxy takes the first.
    if (value !== '' && !entries.has(value)) entries.set(value, backend);
  }
  return entries;
}
