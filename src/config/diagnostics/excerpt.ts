// The offending line with a caret under the offending part, cut to the width of the screen.
import { type Cell, toCells } from '../../lib/display-width.ts';

export interface Underlined {
  readonly line: string;
  /** Blanks and carets that stand right below. */
  readonly carets: string;
}

const CUT = '…';

/** `column` counts UTF-16 units from 1; `width` is the room for the line itself. */
export function underline(excerpt: string, column: number, width: number): Underlined {
  const start = Math.min(Math.max(0, column - 1), excerpt.length);
  const end = start + tokenLength(excerpt, start);
  // Far more than fits need not be measured: a line may hold megabytes.
  const reach = Math.max(8, width) * 2;
  const from = Math.max(0, start - reach);
  const to = Math.min(excerpt.length, start + reach);
  const cells = toCells(excerpt.slice(from, to)).map((cell) => ({ ...cell, offset: cell.offset + from }));
  const [first, last] = windowOf(cells, start, Math.max(8, width));
  const shown = cells.slice(first, last);
  const isCutLeft = first > 0 || from > 0;
  const isCutRight = last < cells.length || to < excerpt.length;
  const line = `${isCutLeft ? CUT : ''}${textOf(shown)}${isCutRight ? CUT : ''}`;
  const before = shown.filter((cell) => cell.offset < start);
  const under = shown.filter((cell) => cell.offset >= start && cell.offset < end);
  const indent = widthOf(before) + (isCutLeft ? 1 : 0);
  return { line: line.trimEnd(), carets: ' '.repeat(indent) + '^'.repeat(Math.max(1, widthOf(under))) };
}

/** Length of the word, quoted text or bracket at an offset; at least 1. */
export function tokenLength(excerpt: string, start: number): number {
  const rest = excerpt.slice(start, start + 2000);
  const quoted = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')/.exec(rest);
  if (quoted !== null) return quoted[0].length;
  if (/^[[\]{},&*!|>]/.test(rest)) return Math.max(1, /^[&*!][^\s,[\]{}]*/.exec(rest)?.[0].length ?? 1);
  const plain = /^(?:(?!: |:$| #|, |[\]}]).)*/u.exec(rest)?.[0].trimEnd().length ?? 0;
  return Math.max(1, plain);
}

/** First and last cell to show: all if they fit, else the caret a third from the left. */
function windowOf(cells: readonly Cell[], start: number, width: number): [first: number, last: number] {
  if (widthOf(cells) <= width) return [0, cells.length];
  const caret = Math.max(
    0,
    cells.findIndex((cell) => cell.offset >= start),
  );
  const room = width - 2;
  let first = caret;
  for (let used = 0; first > 0 && used + cells[first - 1]!.width <= room / 3; first--)
    used += cells[first - 1]!.width;
  let last = first;
  for (let used = 0; last < cells.length && used + cells[last]!.width <= room; last++)
    used += cells[last]!.width;
  // At the end of the line the room on the right goes to the left.
  let spare = room - widthOf(cells.slice(first, last));
  for (; first > 0 && cells[first - 1]!.width <= spare; first--) spare -= cells[first - 1]!.width;
  return [first, last];
}

function textOf(cells: readonly Cell[]): string {
  return cells.map((cell) => cell.text).join('');
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((total, cell) => total + cell.width, 0);
}
