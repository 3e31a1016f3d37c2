// Damages texts the way editors, merges and hostile people do; the same seed gives the same damage.

const BITS = [
  ...[
    '\t',
    ' ',
    '  ',
    '\n',
    '\r\n',
    ':',
    ': ',
    '- ',
    '#',
    ' #',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ',',
    '|',
    '>',
    '? ',
    '%',
    '@',
    '`',
  ],
  ...[
    '&a ',
    '*a',
    '<<: *a',
    '!x ',
    '!!str ',
    '---\n',
    '...\n',
    '\\',
    '\0',
    '\x1b',
    '\uFEFF',
    '\u0085',
    '\u2028',
    '日',
    '🚀',
    '\uD800',
  ],
  ...['null', 'true', '010', '1e999', '__proto__: 1', '_ms', '-1', '99999999999999999999', '${X}'],
];

/** Numbers in [0, 1), by mulberry32: small, fast and good enough to scatter damage. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A piece of one of the texts, often moved to the left margin, with one to four damages. */
export function mutate(corpus: readonly (readonly string[])[], random: () => number): string {
  const below = (limit: number) => Math.floor(random() * limit);
  const lines = corpus[below(corpus.length)]!;
  const start = below(lines.length);
  const piece = lines.slice(start, start + 1 + below(14));
  const margin = random() < 0.7 ? (/^ */.exec(piece[0]!)?.[0].length ?? 0) : 0;
  let text = `${piece.map((line) => line.replace(new RegExp(`^ {0,${margin}}`), '')).join('\n')}\n`;
  for (let count = 1 + below(4); count > 0; count--) text = damage(text, random, below);
  return text;
}

function damage(text: string, random: () => number, below: (limit: number) => number): string {
  const at = below(text.length + 1);
  const kind = random();
  if (kind < 0.5) return text.slice(0, at) + BITS[below(BITS.length)]! + text.slice(at);
  if (kind < 0.7) return text.slice(0, at) + text.slice(at + 1 + below(6));
  if (kind < 0.8) return text.slice(0, at) + text.slice(Math.max(0, at - 30));
  if (kind < 0.9) return text.slice(0, at);
  const from = below(text.length);
  return text.slice(0, at) + text.slice(from, from + below(40)) + text.slice(at);
}
