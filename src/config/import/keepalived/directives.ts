// Every directive keepalived knows: where it stands, what becomes of it and which field of ours takes it. The translators
// read through this table and the guide prints it, so neither can say something else.
import { GLOBAL_ROWS } from './directives-global.ts';
import { SERVER_ROWS } from './directives-server.ts';
import { VRRP_ROWS } from './directives-vrrp.ts';
import type { Fate } from './ledger.ts';

export interface Row {
  /** Block it stands in; `top` outside of any. */
  readonly block: string;
  /** The name we read it by first, then other spellings; `*` is any line of a list. */
  readonly names: readonly string[];
  readonly what: Fate;
  /** Field of our language, or empty. */
  readonly field: string;
  readonly note: string;
}

/** One line of the row files: blocks, names, fate (`=` carried, `~` changed, `-` not carried), field, note. */
export type RowText = readonly [
  blocks: string,
  names: string,
  fate: '=' | '~' | '-',
  field: string,
  note?: string,
];

const FATES: Readonly<Record<RowText[2], Fate>> = { '=': 'carried', '~': 'changed', '-': 'not carried' };

export const ROWS: readonly Row[] = [...GLOBAL_ROWS, ...SERVER_ROWS, ...VRRP_ROWS].flatMap(
  ([blocks, names, fate, field, note]) =>
    blocks.split(' ').map((block) => ({
      block,
      names: names.split(' '),
      what: FATES[fate],
      field,
      note: note ?? '',
    })),
);

const BY_BLOCK = new Map<string, Map<string, Row>>();
for (const row of ROWS) {
  const rows = BY_BLOCK.get(row.block) ?? new Map<string, Row>();
  BY_BLOCK.set(row.block, rows);
  for (const name of row.names) if (!rows.has(name)) rows.set(name, row);
}

export function rowOf(block: string, name: string): Row | undefined {
  const rows = BY_BLOCK.get(block);
  return rows?.get(name) ?? rows?.get('*');
}
