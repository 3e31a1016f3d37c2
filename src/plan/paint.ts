// Colour for a terminal, and nothing where there is none.

export interface Paint {
  green(text: string): string;
  yellow(text: string): string;
  red(text: string): string;
  bold(text: string): string;
  dim(text: string): string;
}

const PLAIN: Paint = {
  green: (text) => text,
  yellow: (text) => text,
  red: (text) => text,
  bold: (text) => text,
  dim: (text) => text,
};

const COLOURED: Paint = {
  green: (text) => `\x1b[32m${text}\x1b[39m`,
  yellow: (text) => `\x1b[33m${text}\x1b[39m`,
  red: (text) => `\x1b[31m${text}\x1b[39m`,
  bold: (text) => `\x1b[1m${text}\x1b[22m`,
  dim: (text) => `\x1b[2m${text}\x1b[22m`,
};

export function paint(colour: boolean): Paint {
  return colour ? COLOURED : PLAIN;
}

/** Joins parts with commas, breaking between parts (never inside one) so that lines stay within the width. */
export function wrapParts(first: string, parts: readonly string[], indent: string, width: number): string {
  const lines: string[] = [];
  let line = first;
  parts.forEach((part, i) => {
    const text = i === parts.length - 1 ? part : `${part},`;
    if (visibleLength(line) + 1 + visibleLength(text) > width && line.trim() !== '' && line !== indent) {
      lines.push(line);
      line = `${indent}${text}`;
    } else line = `${line} ${text}`;
  });
  return [...lines, line].join('\n');
}

/** Length on screen: escape sequences take no room. */
export function visibleLength(text: string): number {
  return text.replace(/\x1b\[\d+m/g, '').length;
}
