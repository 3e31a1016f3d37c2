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

test('keep() writes again what the disk refused, once it takes anything', () => {
  const { said, memory } = openMemory();
  let isFull = true;
  const written: string[] = [];
  const write = (what: string) => () => {
    if (isFull) FULL();
    written.push(what);
  };
  for (const what of ['overrides', 'engine', 'health']) memory.keep(what, write(what));
  assert.match(
    memory.troubles()[0]!.message,
    /\(overrides, engine, health\): Cannot write as the disk is full$/,
  );
  isFull = false;
  memory.keep('health', write('health'));

  assert.deepEqual(written, ['health', 'overrides', 'engine']);
  assert.deepEqual(memory.troubles(), []);
  assert.equal(said.length, 6);
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
