// Commands against a reader that works as the one of HAProxy's socket does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toCommand } from './command-line.ts';
import { hostileText } from './hostile-arbitrary.ts';
import { argument, quote } from './quote.ts';

/** Commands part at a bare semicolon, words at blanks; a backslash keeps the character after it. */
function heard(line: string): readonly (readonly string[])[] {
  const commands: string[][] = [[]];
  let word: string | undefined;
  const end = () => {
    if (word !== undefined) commands.at(-1)!.push(word);
    word = undefined;
  };
  for (let at = 0; at < line.length; at++) {
    const letter = line[at]!;
    if (letter === '\n') throw new Error('the command ended early');
    if (letter === '\\') word = (word ?? '') + line[++at]!;
    else if (letter === ' ' || letter === '\t') end();
    else if (letter === ';') {
      end();
      commands.push([]);
    } else word = (word ?? '') + letter;
  }
  end();
  return commands;
}

test('toCommand() says the very words of a line of the file, whatever they hold', () => {
  fc.assert(
    fc.property(hostileText(), hostileText(), (first, second) => {
      fc.pre(first !== '' && !/[\x00-\x1f\x7f]/.test(first + second));
      const word = `str(${argument(second)})`;
      const line = `be/server ${quote(first)} sni ${quote(word)}`;

      assert.deepEqual(heard(`add server ${toCommand(line)}`), [
        ['add', 'server', 'be/server', first, 'sni', word],
      ]);
    }),
    { numRuns: 1000 },
  );
});

test('toCommand() refuses what would end the command', () => {
  assert.equal(toCommand(`a 'it'\\''s; here' b`), "a it's\\;\\ here b");
  assert.throws(() => toCommand(`a ${quote('b\nshutdown sessions server x')}`), { code: 'HAPROXY_REFUSED' });
});
