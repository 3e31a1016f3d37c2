// Words, lists and blocks of keepalived's language: nothing an operator wrote can end one or begin another.
import { InputError } from '../../model/errors.ts';

export function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines.join('\n').replace(/^/gm, '  ')}\n}`;
}

export function list(head: string, lines: readonly string[]): string {
  return block(head, lines);
}

export function word(text: string, what: string): string {
  if (text === '' || /[\s"'{}#!]/.test(text))
    throw new InputError(
      'CONFIG_INVALID',
      `Cannot tell keepalived the ${what} as it must be a single word: current value is "${text}"`,
    );
  return text;
}

export function quoted(text: string): string {
  if (/["\\\u0000-\u001f]/.test(text))
    throw new InputError(
      'CONFIG_INVALID',
      'Cannot tell keepalived a value that has quotes, backslashes or control characters',
    );
  return `"${text}"`;
}
