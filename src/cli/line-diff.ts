// Two texts as a unified diff, by the shortest edit script (Myers 1986) up to a bound, then whole.
import type { Paint } from '../plan/paint.ts';

const CONTEXT = 3;
/** Edits looked for; beyond, everything in the middle is shown as replaced. */
const MAX_EDITS = 2000;

interface Edit {
  readonly sign: ' ' | '-' | '+';
  readonly text: string;
}

/** Empty where the texts are equal. */
export function lineDiff(file: string, before: string, after: string, ink: Paint): string {
  const edits = editsOf(linesOf(before), linesOf(after));
  const hunks = hunksOf(edits);
  if (hunks.length === 0) return '';
  const body = hunks.map(({ from, to }) => renderHunk(edits, from, to, ink)).join('');
  return `${ink.bold(`--- ${file}`)}\n${ink.bold(`+++ ${file}`)}\n${body}`;
}

function linesOf(text: string): string[] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  // As diff(1): a missing end of line is a difference, so it must show.
  else lines[lines.length - 1] += '\n\\ No newline at end of file';
  return lines;
}

/** Equal lines at both ends are cut off first; they are most of any real case. */
export function editsOf(before: readonly string[], after: readonly string[]): Edit[] {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head++;
  let tail = 0;
  const room = Math.min(before.length, after.length) - head;
  while (tail < room && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const same = (text: string): Edit => ({ sign: ' ', text });
  return [
    ...before.slice(0, head).map(same),
    ...middleEdits(before.slice(head, before.length - tail), after.slice(head, after.length - tail)),
    ...before.slice(before.length - tail).map(same),
  ];
}

function middleEdits(before: readonly string[], after: readonly string[]): Edit[] {
  const trace = shortestTrace(before, after);
  if (trace === undefined)
    return [
      ...before.map((text): Edit => ({ sign: '-', text })),
      ...after.map((text): Edit => ({ sign: '+', text })),
    ];
  const edits: Edit[] = [];
  let [x, y] = [before.length, after.length];
  for (let depth = trace.length - 1; depth >= 0; depth--) {
    const furthest = trace[depth]!;
    const k = x - y;
    const down = k === -depth || (k !== depth && at(furthest, k - 1) < at(furthest, k + 1));
    const beforeX = depth === 0 ? 0 : down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
    const beforeY = beforeX - k;
    for (; x > beforeX && y > beforeY; x--, y--) edits.push({ sign: ' ', text: before[x - 1]! });
    if (depth === 0) continue;
    if (down) edits.push({ sign: '+', text: after[--y]! });
    else edits.push({ sign: '-', text: before[--x]! });
  }
  return edits.reverse();
}

/** For each number of edits, how far every diagonal reached before it; undefined beyond the bound. */
function shortestTrace(
  before: readonly string[],
  after: readonly string[],
): Map<number, number>[] | undefined {
  const trace: Map<number, number>[] = [];
  let reached = new Map<number, number>([[1, 0]]);
  for (let depth = 0; depth <= Math.min(MAX_EDITS, before.length + after.length); depth++) {
    trace.push(reached);
    const next = new Map(reached);
    for (let k = -depth; k <= depth; k += 2) {
      const down = k === -depth || (k !== depth && at(next, k - 1) < at(next, k + 1));
      let x = down ? at(next, k + 1) : at(next, k - 1) + 1;
      while (x < before.length && x - k < after.length && before[x] === after[x - k]) x++;
      next.set(k, x);
      if (x >= before.length && x - k >= after.length) return trace;
    }
    reached = next;
  }
  return undefined;
}

function at(furthest: ReadonlyMap<number, number>, diagonal: number): number {
  return furthest.get(diagonal) ?? 0;
}

function hunksOf(edits: readonly Edit[]): { from: number; to: number }[] {
  const hunks: { from: number; to: number }[] = [];
  edits.forEach(({ sign }, index) => {
    if (sign === ' ') return;
    const from = Math.max(0, index - CONTEXT);
    const to = Math.min(edits.length, index + CONTEXT + 1);
    const last = hunks.at(-1);
    if (last !== undefined && from <= last.to) last.to = to;
    else hunks.push({ from, to });
  });
  return hunks;
}

function renderHunk(edits: readonly Edit[], from: number, to: number, ink: Paint): string {
  const number = (end: number, without: '-' | '+') =>
    edits.slice(0, end).filter(({ sign }) => sign !== without).length;
  const [oldStart, newStart] = [number(from, '+'), number(from, '-')];
  const [oldCount, newCount] = [number(to, '+') - oldStart, number(to, '-') - newStart];
  const place = (start: number, count: number) => `${count === 0 ? start : start + 1},${count}`;
  const lines = edits.slice(from, to).map(({ sign, text }) => {
    const line = `${sign}${text}`;
    return sign === '+' ? ink.green(line) : sign === '-' ? ink.red(line) : line;
  });
  return `@@ -${place(oldStart, oldCount)} +${place(newStart, newCount)} @@\n${lines.join('\n')}\n`;
}
