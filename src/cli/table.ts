// Rows for a terminal: columns as wide as their widest cell, the last one as wide as it likes.
import { displayWidth, escapeControls } from '../lib/display-width.ts';

export type Align = 'left' | 'right';

export interface Column {
  readonly title: string;
  readonly align?: Align;
}

export type Ink = (text: string) => string;

/** A cell may be coloured; the colour takes no room. */
export type Cell = string | { readonly text: string; readonly ink: Ink };

export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  head: Ink,
): string {
  const texts = rows.map((row) =>
    row.map((cell) => escapeControls(typeof cell === 'string' ? cell : cell.text)),
  );
  const widths = columns.map(({ title }, i) =>
    texts.reduce((widest, row) => Math.max(widest, displayWidth(row[i] ?? '')), title.length),
  );
  const line = (cells: readonly string[], inks: readonly (Ink | undefined)[]): string =>
    cells
      .map((text, i) => {
        const gap = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(text)));
        const inked = inks[i]?.(text) ?? text;
        if (columns[i]?.align === 'right') return `${gap}${inked}`;
        return i === columns.length - 1 ? inked : `${inked}${gap}`;
      })
      .join('  ')
      .trimEnd();
  const titles = line(
    columns.map((column) => column.title),
    columns.map(() => head),
  );
  const body = rows.map((row, at) =>
    line(
      texts[at] ?? [],
      row.map((cell) => (typeof cell === 'string' ? undefined : cell.ink)),
    ),
  );
  return `${[titles, ...body].join('\n')}\n`;
}
