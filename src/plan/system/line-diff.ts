// Differences of two small texts, line by line, for a person who decides whether a file may change.

/** Lines that begin with `-`, `+` or a space, as diff writes them; common lines only within `context` of a change. */
export function lineDiff(before: string, after: string, context = 2): readonly string[] {
  const a = linesOf(before);
  const b = linesOf(after);
  const all = walk(a, b, commonLengths(a, b));
  const near = new Set<number>();
  all.forEach((line, index) => {
    if (line.startsWith(' ')) return;
    for (let i = index - context; i <= index + context; i++) near.add(i);
  });
  return all.filter((_, index) => near.has(index));
}

function linesOf(text: string): readonly string[] {
  if (text === '') return [];
  return (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}

/** Longest common subsequence of every pair of tails; configuration files are small enough for the plain table. */
function commonLengths(a: readonly string[], b: readonly string[]): readonly Uint32Array[] {
  const table = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      table[i]![j] =
        a[i] === b[j] ? table[i + 1]![j + 1]! + 1 : Math.max(table[i + 1]![j]!, table[i]![j + 1]!);
  return table;
}

function walk(a: readonly string[], b: readonly string[], common: readonly Uint32Array[]): string[] {
  const lines: string[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push(` ${a[i]}`);
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      lines.push(`-${a[i++]}`);
    } else lines.push(`+${b[j++]}`);
  }
  return lines;
}
