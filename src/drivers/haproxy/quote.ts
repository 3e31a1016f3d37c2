// The only way by which words of users reach haproxy.cfg. Everything is quoted, nothing is trusted to be harmless.
import { InputError } from '../../model/errors.ts';

/**
 * One word of a line. Strong quotes keep everything but themselves; control characters, which would end the line, are
 * written as hex escapes outside of them.
 */
export function quote(text: string): string {
  refuseNul(text);
  if (PLAIN.test(text)) return text;
  const parts = text.split(/([\x01-\x1f\x7f']+)/);
  return parts.map((part, index) => (index % 2 === 0 ? strong(part) : escaped(part))).join('');
}

/** What needs no quotes in any place of a line. */
const PLAIN = /^[A-Za-z0-9_./:@][A-Za-z0-9_./:@-]*$/;

function strong(text: string): string {
  return text === '' ? '' : `'${text}'`;
}

function escaped(text: string): string {
  return [...text].map((one) => (one === "'" ? "\\'" : `\\x${hex(one.charCodeAt(0))}`)).join('');
}

/** A word that HAProxy reads as a log-format string: "%" would begin a variable. */
export function quoteFormat(text: string): string {
  return quoteNonEmpty(text.replaceAll('%', '%%'));
}

/** A word that may be empty: without the quotes it would not be there at all. */
export function quoteNonEmpty(text: string): string {
  return text === '' ? "''" : quote(text);
}

/**
 * An argument inside the parentheses of a sample fetch, to be quoted again as part of its word. Arguments have a level
 * of quotes of their own, in which commas and parentheses mean nothing.
 */
export function argument(text: string): string {
  refuseNul(text);
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** A comment runs to the end of its line: control characters, and whatever an editor might take for a line end, go. */
export function comment(text: string): string {
  return text.replace(/[\x00-\x1f\x7f\u0085\u2028\u2029]/g, ' ').slice(0, 200);
}

/** Names of headers and cookies: RFC 9110 section 5.6.2. Anything else can never be one. */
export function token(what: string, text: string): string {
  if (/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(text)) return text;
  throw new InputError(
    'HAPROXY_REFUSED',
    `Cannot use ${JSON.stringify(text.slice(0, 80))} as the name of a ${what} as it holds characters that no such name has`,
  );
}

function refuseNul(text: string): void {
  if (!text.includes('\0')) return;
  throw new InputError(
    'HAPROXY_REFUSED',
    `Cannot write ${JSON.stringify(text.slice(0, 80))} into the configuration of HAProxy as it holds a NUL character`,
  );
}

/** Letters, digits, dots and colons stay; every other byte becomes `_` and two hex digits, so no two names meet. */
export function encodeName(text: string): string {
  return text.replace(/[^A-Za-z0-9.:-]/gu, (letter) => ESCAPED.get(letter) ?? escapeLetter(letter));
}

function escapeLetter(letter: string): string {
  return [...Buffer.from(letter, 'utf8')].map((byte) => `_${hex(byte)}`).join('');
}

/** The text that encodeName() wrote so. */
export function decodeName(encoded: string): string {
  const bytes = encoded.replace(/_([0-9a-f]{2})|./g, (one, code?: string) =>
    String.fromCharCode(code === undefined ? one.charCodeAt(0) : Number.parseInt(code, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

/** Keys are made of few letters: a look at a thousand listeners encodes thousands of names. */
const ESCAPED: ReadonlyMap<string, string> = new Map(
  Array.from({ length: 128 }, (_, code) => {
    const letter = String.fromCharCode(code);
    return [letter, escapeLetter(letter)];
  }),
);
