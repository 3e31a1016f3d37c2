// A line of the file as a command of the socket. The file knows quotes and hex escapes; the socket knows a backslash before
// the one character it keeps, and nothing else, so the words are read and written anew.
import { OpError } from '../../model/errors.ts';

/** `line` holds what quote() wrote: bare words, strong quotes, a backslash before one character or `\xHH`. */
export function toCommand(line: string): string {
  const words = wordsOf(line);
  for (const word of words)
    if (/[\x00-\x1f\x7f]/.test(word))
      throw new OpError(
        'HAPROXY_REFUSED',
        `Cannot say ${JSON.stringify(word.slice(0, 80))} to a running HAProxy as control characters end a command`,
        { op: 'apply', target: 'admin socket' },
      );
  return words.map(escaped).join(' ');
}

/** A semicolon would begin another command, a blank another word. */
function escaped(word: string): string {
  return word.replace(/[\\ ;]/g, '\\$&');
}

function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const raw of line.match(WORD) ?? [])
    words.push(
      raw.replace(PART, (_, strong?: string, code?: string, one?: string) =>
        code === undefined ? (strong ?? one ?? '') : String.fromCharCode(Number.parseInt(code, 16)),
      ),
    );
  return words;
}

const WORD = /(?:'[^']*'|\\x[0-9a-f]{2}|\\.|[^\s'\\])+/g;
const PART = /'([^']*)'|\\x([0-9a-f]{2})|\\(.)/g;
