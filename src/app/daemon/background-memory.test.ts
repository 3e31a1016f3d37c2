import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OpError } from '../../model/errors.ts';
import { BackgroundMemory } from './background-memory.ts';

function openMemory() {
  const said: string[] = [];
  const note = (data: { what: string }, message: string) => void said.push(`${data.what}: ${message}`);
  return { said, memory: new BackgroundMemory({ error: note, info: note } as never) };
}

const FULL = () => {
  throw new OpError('STATE_UNWRITABLE', 'Cannot write as the disk is full', { op: 'write' });
};

test('keep() tells once that the disk refuses, and once that it takes again', () => {
  const { said, memory } = openMemory();
  let written = 0;

  for (const write of [FULL, FULL, () => readFileSync('/nonexistent'), () => written++, () => written++])
    memory.keep('health', () => void write());

  assert.equal(written, 2);
  assert.deepEqual(said, ['health: state cannot be kept; traffic goes on', 'health: state is kept again']);
});

test('keep() knows one thing from another', () => {
  const { said, memory } = openMemory();
  memory.keep('health', FULL);
  memory.keep('engine', () => {});
  memory.keep('engine', FULL);
  assert.equal(said.length, 2);
});

test('keep() does not swallow a fault of ours', () => {
  const { memory } = openMemory();
  const wrong = () => {
    throw new TypeError('no such method');
  };
  assert.throws(() => memory.keep('health', wrong), TypeError);
});
