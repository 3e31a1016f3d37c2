// `~SEQ(var, start, step, end) rest` and `~LST(var, a, b) rest`: which values the variables take, one turn after the other.

export interface Loop {
  /** The remainder of the line, expanded once a turn. */
  readonly rest: string;
  readonly turns: number;
  /** Variables of one turn, counted from 0; undefined after the last. */
  at(turn: number): ReadonlyMap<string, string> | undefined;
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function readLoop(text: string, substitute: (part: string) => string): Loop | undefined {
  const head = /^~(SEQx?|LST)\s*\(/.exec(text);
  if (head === null) return undefined;
  const end = closingParenthesis(text, head[0].length);
  if (end < 0) return undefined;
  const parameters = text.slice(head[0].length, end);
  const rest = text.slice(end + 1).trim();
  if (head[1] === 'LST') return listLoop(splitTop(parameters), rest, substitute);
  return sequenceLoop(parameters.split(','), rest, head[1] === 'SEQx', substitute);
}

function sequenceLoop(
  parts: readonly string[],
  rest: string,
  hex: boolean,
  substitute: (part: string) => string,
): Loop | undefined {
  const name = parts[0]?.trim() ?? '';
  const numbers = parts.slice(1).map((part) => toInteger(substitute(part.trim())));
  if (!NAME.test(name) || numbers.length < 1 || numbers.length > 3) return undefined;
  if (numbers.some((number) => number === undefined)) return undefined;
  const [one, two, three] = numbers as number[];
  const last = three ?? two ?? one!;
  const start = two === undefined ? (last < 0 ? -1 : 1) : one!;
  const step = three === undefined ? (start <= last ? 1 : -1) : two!;
  if (step === 0 || (start < last && step < 0) || (start > last && step > 0)) return undefined;
  if (hex && (start < 0 || last < 0)) return undefined;
  return {
    rest,
    turns: Math.floor((last - start) / step) + 1,
    at(turn) {
      const value = start + turn * step;
      if (step > 0 ? value > last : value < last) return undefined;
      return new Map([[name, value.toString(hex ? 16 : 10)]]);
    },
  };
}

function listLoop(
  parts: readonly string[],
  rest: string,
  substitute: (part: string) => string,
): Loop | undefined {
  const names = group(parts[0] ?? '');
  const turns = parts.slice(1).map((part) => group(substitute(part)));
  if (names.length === 0 || turns.length === 0 || !names.every((name) => NAME.test(name))) return undefined;
  return {
    rest,
    turns: turns.length,
    at(turn) {
      const values = turns[turn];
      return values && new Map(names.map((name, i) => [name, values[i] ?? '']));
    },
  };
}

/** `{a, b}` is two, `a` is one. */
function group(part: string): string[] {
  const inner = /^\{(.*)\}$/s.exec(part.trim());
  return inner === null ? [part.trim()] : inner[1]!.split(',').map((word) => word.trim());
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '{') depth++;
    else if (text[i] === '}') depth--;
    else if (text[i] === ',' && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function closingParenthesis(text: string, from: number): number {
  let depth = 1;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return -1;
}

function toInteger(text: string): number | undefined {
  if (!/^[-+]?(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) return undefined;
  const negative = text.startsWith('-');
  const digits = text.replace(/^[-+]/, '');
  const value = /^0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
  return Number.isSafeInteger(value) ? (negative ? -value : value) : undefined;
}
