// Words that would break out of a configuration, for the tests of quoting.
import fc from 'fast-check';
import type { RuleMatch } from '../../model/http.ts';
import { RULE_COMPARES } from '../../model/http.ts';

const NASTY = [
  ...[
    "'",
    '"',
    '\\',
    '\n',
    '\r',
    '\t',
    ' ',
    '#',
    '$',
    '${HOME}',
    '%[src]',
    '%',
    '{',
    '}',
    '(',
    ')',
    ',',
    ';',
    '|',
    '&',
  ],
  ...[
    '\nglobal\n',
    '\nbackend evil\n',
    "' ; x '",
    '" if TRUE',
    ' -- ',
    '-i',
    '-f /etc/shadow',
    '!',
    '}',
    '\\x00',
    '\\n',
  ],
  ...['\u0085', '\u2028', 'ä', '\x01', '\x7f', '../../etc', '<<', '\\', "\\'", 'if', 'unless', '||', 'or'],
];

/** Never empty, never with a NUL: those are refused before. */
export function hostileText(): fc.Arbitrary<string> {
  return fc
    .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ maxLength: 6, unit: 'binary' })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join('').replaceAll('\0', ''))
    .filter((text) => text !== '' && !hasLoneSurrogate(text));
}

function hasLoneSurrogate(text: string): boolean {
  return !text.isWellFormed();
}

export interface Hostile {
  readonly listener: string;
  readonly pool: string;
  readonly rule: string;
  readonly header: string;
  readonly url: string;
  readonly page: string;
  readonly query: string;
  readonly value: string;
  readonly compare: RuleMatch['compare'];
}

export function hostileWords(): fc.Arbitrary<Hostile> {
  const text = hostileText();
  // What is a regular expression is HAProxy's to read: any other comparison takes every text.
  const compare = fc.constantFrom(...RULE_COMPARES.filter((word) => word !== 'regex'));
  const words = {
    listener: text,
    pool: text,
    rule: text,
    header: text,
    url: text,
    page: text,
    query: text,
    value: text,
  };
  return fc.record({ ...words, compare });
}
