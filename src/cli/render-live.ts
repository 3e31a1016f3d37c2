// Tables of live objects: some columns only in wide. Pure.
import { paint } from '../plan/paint.ts';
import { type Align, type Cell, renderTable } from './table.ts';

export type Tone = 'good' | 'bad' | 'doubt' | 'quiet';

export interface LiveCell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface LiveColumn {
  readonly title: string;
  readonly align?: Align;
  readonly wide?: boolean;
}

export interface LiveTable {
  readonly columns: readonly LiveColumn[];
  /** Times are given as they are; `since` cells are made by the renderer's clock. */
  readonly rows: (nowMs: number) => readonly (readonly LiveCell[])[];
  readonly empty: string;
}

export interface LiveOptions {
  readonly wide: boolean;
  readonly colour: boolean;
  readonly nowMs: number;
}

export function renderLive(table: LiveTable, options: LiveOptions): string {
  const ink = paint(options.colour);
  const inks = { good: ink.green, bad: ink.red, doubt: ink.yellow, quiet: ink.dim } as const;
  const kept = table.columns.map((column) => options.wide || column.wide !== true);
  const rows = table
    .rows(options.nowMs)
    .map((row) =>
      row
        .filter((_, i) => kept[i])
        .map(({ text, tone }): Cell => (tone === undefined ? text : { text, ink: inks[tone] })),
    );
  if (rows.length === 0) return `${table.empty}\n`;
  return renderTable(
    table.columns.filter((_, i) => kept[i]),
    rows,
    ink.bold,
  );
}
