// Values that are secret in part: arguments of programs and queries of paths are given as they stand, and what is in them nobody
// can tell. Shown is which program, which options, which path.

export const HIDDEN = '[redacted]';

const LISTS: ReadonlySet<string> = new Set(['command']);
/** As the file has them and as the model does. */
const LINES: ReadonlySet<string> = new Set(['command', 'on_up', 'on_down', 'onUp', 'onDown']);
const NAME_OF_OPTION = /^(-[A-Za-z]|--[A-Za-z][\w-]*)$/;
const OPTION_WITH_VALUE = /^--?[A-Za-z][\w-]*=/;
const FIRST_WORD = /^\s*(?:"[^"]*"|'[^']*'|(?:\\.|[^\s"'\\])+)/;
const QUERY = /^[^?#]*[?#](?=.)/;

export function isPartlySecret(key: string): boolean {
  return LINES.has(key) || key === 'target' || key === 'path';
}

/** The value as it may be shown. */
export function shownPart(key: string, value: unknown): unknown {
  if (Array.isArray(value)) return LISTS.has(key) ? value.map(shownWord) : value;
  if (typeof value !== 'string') return value;
  const start = secretStart(key, value);
  if (start === undefined) return value;
  const isLine = key !== 'path';
  return `${value.slice(0, start)}${isLine ? ' ' : ''}${HIDDEN}`;
}

/** Where in a text under this key the secret begins. */
export function secretStart(key: string, text: string): number | undefined {
  if (key === 'path') return QUERY.exec(text)?.[0].length;
  // What is watched by HA groups is a command line where a script is watched, and a name without blanks or a file elsewhere.
  const isLine = LINES.has(key) || (key === 'target' && text.startsWith('/'));
  const start = isLine ? FIRST_WORD.exec(text)?.[0].length : undefined;
  return start === undefined || text.slice(start).trim() === '' ? undefined : start;
}

/** Where in the argument of a program the secret begins; undefined for the bare name of an option. */
export function secretStartOfWord(word: string): number | undefined {
  return NAME_OF_OPTION.test(word) ? undefined : (OPTION_WITH_VALUE.exec(word)?.[0].length ?? 0);
}

function shownWord(word: unknown, index: number): unknown {
  if (index === 0 || (typeof word !== 'string' && typeof word !== 'number')) return word;
  const start = secretStartOfWord(`${word}`);
  return start === undefined ? word : `${word}`.slice(0, start) + HIDDEN;
}
