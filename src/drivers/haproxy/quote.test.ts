// The quoting module against a reader of lines that works as HAProxy's does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hostileText } from './hostile-arbitrary.ts';
import { argument, comment, encodeName, quote, quoteFormat, quoteNonEmpty, token } from './quote.ts';

/** Words of a line by HAProxy's rules: blanks part, strong quotes keep, a backslash escapes one or begins \xHH, # ends. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let started = false;
  let strong = false;
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === '\n' || letter === '\0') throw new Error('the line ended early');
    if (strong) {
      if (letter === "'") strong = false;
      else word += letter;
    } else if (letter === "'") {
      strong = true;
      started = true;
    } else if (letter === '\\') {
      started = true;
      const next = line[++at]!;
      if (next === 'x') {
        word += String.fromCharCode(Number.parseInt(line.slice(at + 1, at + 3), 16));
        at += 2;
      } else word += next;
    } else if (letter === ' ' || letter === '\t') {
      if (started) words.push(word);
      word = '';
      started = false;
    } else if (letter === '#') break;
    else {
      if (letter === '"' || letter === '$') throw new Error('HAProxy would expand what stands bare');
      word += letter;
      started = true;
    }
  }
  if (started) words.push(word);
  return words;
}

test('quote() gives back the very word to whoever reads lines as HAProxy does', () => {
  fc.assert(
    fc.property(hostileText(), (text) => {
      assert.deepEqual(wordsOf(`a ${quote(text)} z`), ['a', text, 'z']);
    }),
    { numRuns: 1000 },
  );
  assert.deepEqual(wordsOf(`a ${quoteNonEmpty('')} z`), ['a', '', 'z']);
});

test('quote() leaves plain words as they are and refuses NUL', () => {
  assert.equal(quote('/run/lbctl/tls/a-b_c.pem'), '/run/lbctl/tls/a-b_c.pem');
  assert.equal(quote("it's"), "'it'\\''s'");
  assert.equal(quote('a\nb'), "'a'\\x0a'b'");
  assert.throws(() => quote('a\0b'), { code: 'HAPROXY_REFUSED' });
});

test('quoteFormat() makes nothing of a log format', () => {
  assert.equal(quoteFormat('%[src] 100%'), "'%%[src] 100%%'");
});

test('argument() keeps commas, parentheses and quotes inside its own level', () => {
  assert.deepEqual(wordsOf(quote(`f(${argument("a,b)'c")})`)), ["f('a,b)'\\''c')"]);
});

test('comment() never ends its line', () => {
  fc.assert(
    fc.property(hostileText(), (text) =>
      assert.match(comment(text), /^[^\x00-\x1f\x7f\u0085\u2028\u2029]*$/),
    ),
  );
});

test('encodeName() is injective and stays within the letters HAProxy takes for names', () => {
  const known = new Map<string, string>();
  fc.assert(
    fc.property(hostileText(), (text) => {
      const encoded = encodeName(text);
      assert.match(encoded, /^[A-Za-z0-9_.:-]*$/);
      assert.equal(known.get(encoded) ?? text, text);
      known.set(encoded, text);
    }),
    { numRuns: 1000 },
  );
  assert.notEqual(encodeName('a_2f'), encodeName('a/'));
});

test('token() refuses what no header is called', () => {
  assert.equal(token('header', 'X-A'), 'X-A');
  for (const bad of ['', 'a b', 'a\nb', 'a:b', 'ä'])
    assert.throws(() => token('header', bad), { code: 'HAPROXY_REFUSED' });
});
