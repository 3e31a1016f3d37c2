// The examples at the end of every help text.

export function examples(list: readonly (readonly [line: string, why: string])[]): string {
  const width = Math.max(...list.map(([line]) => line.length));
  return `\nExamples:\n${list.map(([line, why]) => `  ${line.padEnd(width)}  # ${why}`).join('\n')}\n`;
}
