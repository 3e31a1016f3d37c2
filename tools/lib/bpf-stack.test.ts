import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { checkBpfStack } from '../check-bpf-stack.ts';
import { chainsOf, formatChain } from './bpf-stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'steelyard-stack-'));
after(() => rmSync(folder, { recursive: true, force: true }));

type Function = readonly [name: string, bytes: number];

/** A program that calls the second function, which calls the third, and so on; each touches the lowest of its bytes. */
function compile(functions: readonly Function[], last = '0'): Buffer {
  const source = functions
    .map(([name, bytes], index) => {
      const next = functions[index + 1]?.[0];
      const section = index === 0 ? '__attribute__((section("xdp")))' : '__attribute__((noinline))';
      return `${section} int ${name}(void *c) { char own[${bytes}]; own[0] = 1;
        asm volatile("" : : "r"(own) : "memory"); return own[0] + ${next === undefined ? last : `${next}(c)`}; }`;
    })
    .reverse();
  const object = join(folder, 'one.o');
  execFileSync('clang', ['-target', 'bpf', '-mcpu=v3', '-O2', '-c', '-x', 'c', '-', '-o', object], {
    input: ['static int (*tail_call)(void *, void *, int) = (void *)12;', ...source].join('\n'),
  });
  return readFileSync(object);
}

function messages(object: Buffer): readonly string[] {
  return checkBpfStack('one.o', object).map(({ message }) => message);
}

test('chainsOf() finds each chain with the bytes that every frame touches, rounded up', () => {
  const chains = chainsOf(
    compile([
      ['program', 40],
      ['middle', 96],
      ['leaf', 8],
    ]),
  );

  assert.deepEqual(
    chains.map((chain) => [formatChain(chain), chain.bytes]),
    [
      ['program 40', 64],
      ['program 40 > middle 96', 160],
      ['program 40 > middle 96 > leaf 8', 192],
    ],
  );
});

test('checkBpfStack() names the chain that has more than 512 bytes once its frames are rounded', () => {
  // 504 bytes as they are.
  const object = compile([
    ['program', 200],
    ['middle', 200],
    ['leaf', 104],
  ]);

  assert.deepEqual(messages(object), [
    '576 bytes of stack, 512 are allowed before Linux 6.8: program 200 > middle 200 > leaf 104',
  ]);
});

test('checkBpfStack() takes 512 bytes and eight frames, not one more', () => {
  const functions = Array.from({ length: 9 }, (_, index): Function => [`f${index}`, 64]);

  assert.deepEqual(messages(compile(functions.slice(0, 8))), []);
  const [deep] = messages(compile(functions));
  assert.match(deep!, /^9 calls deep, 8 are allowed .*: f0 64 > .* > f8 64$/);
});

test('checkBpfStack() refuses a tail call behind 256 bytes', () => {
  const callee = (before: number) =>
    compile(
      [
        ['program', before],
        ['jumps', 8],
      ],
      'tail_call(c, c, 0)',
    );

  assert.deepEqual(messages(callee(224)), []);
  assert.deepEqual(messages(callee(256)), [
    'a tail call behind 256 bytes of stack, fewer than 256 are allowed before Linux 6.8: program 256 > jumps 8',
  ]);
});
