// Plain scalars by the core schema of YAML 1.2: `yes`, `on` and dates are text, `010` is ten, `0o10` is eight.

const INTEGER = /^[-+]?[0-9]+$/;
const OCTAL = /^0o[0-7]+$/;
const HEX = /^0x[0-9a-fA-F]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITE = /^[-+]?\.(?:inf|Inf|INF)$/;

const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['', null],
  ['~', null],
  ['null', null],
  ['Null', null],
  ['NULL', null],
  ['true', true],
  ['True', true],
  ['TRUE', true],
  ['false', false],
  ['False', false],
  ['FALSE', false],
  ['.nan', Number.NaN],
  ['.NaN', Number.NaN],
  ['.NAN', Number.NaN],
]);

/** The value of an unquoted scalar. */
export function resolvePlain(text: string): unknown {
  // A digit, sign or dot first: numbers are the only other candidates.
  const first = text.charCodeAt(0);
  if (first <= 57 && first >= 43) return resolveNumber(text);
  return WORDS.has(text) ? WORDS.get(text) : text;
}

function resolveNumber(text: string): unknown {
  if (INTEGER.test(text)) return withoutSign(Number(text));
  if (FLOAT.test(text)) return withoutSign(Number(text));
  if (OCTAL.test(text) || HEX.test(text)) return Number(text);
  if (INFINITE.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return WORDS.has(text) ? WORDS.get(text) : text;
}

/** Minus zero means nothing in a configuration and would not survive JSON. */
function withoutSign(value: number): number {
  return value === 0 ? 0 : value;
}

/** YAML 1.1 programs read `010` as eight and `1:30` as ninety: the first is a number to us as well, so it is doubtful. */
export function looksOctal(text: string): boolean {
  return /^[-+]?0[0-9]+$/.test(text);
}
