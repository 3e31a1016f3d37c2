// The connection to an FRR daemon, with a daemon of our own in another thread: what it says, and how long it may take.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { Vty } from './vty.ts';

/** Answers each command with itself at once; "silence" never, and "refuse" with a code. */
const DAEMON = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
createServer((socket) => socket.on('data', (chunk) => {
  const command = chunk.toString('utf8').slice(0, -1);
  if (command === 'silence') return;
  socket.write(Buffer.concat([Buffer.from(command), Buffer.from([0, 0, 0, command === 'refuse' ? 2 : 0])]));
})).listen(workerData, () => parentPort.postMessage('ready'));
`;
const ANSWER_MS = 1000;
const folder = mkdtempSync(join(tmpdir(), 'vty-'));
const path = join(folder, 'daemon.vty');
let daemon: Worker;

before(async () => {
  daemon = new Worker(DAEMON, { eval: true, workerData: path });
  await once(daemon, 'message');
});
after(async () => {
  await daemon.terminate();
  rmSync(folder, { recursive: true });
});

test('Vty.ask() gives the answer, one command after another', async () => {
  const vty = await Vty.open(path);

  assert.deepEqual(await Promise.all([vty.ask('show one'), vty.ask('show two')]), ['show one', 'show two']);
  vty.close();
});

test('Vty.ask() rejects what the daemon refuses, and goes on', async () => {
  const vty = await Vty.open(path);

  await assert.rejects(vty.ask('refuse'), /Cannot do "refuse" as FRR says: refuse/);
  assert.equal(await vty.ask('show'), 'show');
  vty.close();
});

test('Vty.ask() gives up a daemon that says nothing', async () => {
  const vty = await Vty.open(path, ANSWER_MS);

  await assert.rejects(vty.ask('silence'), /no answer in 1000 ms/);
  assert.equal(vty.isOpen, false);
});

test('Vty.ask() reads an answer that waited while this process was busy for longer', async () => {
  const impatient = await Vty.open(path, ANSWER_MS);

  const answer = impatient.ask('show');
  await Promise.resolve();
  const end = performance.now() + 1.5 * ANSWER_MS;
  while (performance.now() < end);

  assert.equal(await answer, 'show');
  impatient.close();
});

test('Vty.open() names the daemon that does not run, and what starts it', async () => {
  await assert.rejects(
    Vty.open('/nonexistent/bfdd.vty'),
    /Cannot reach bfdd of FRR as it does not run: set "bfdd=yes" in \/etc\/frr\/daemons/,
  );
});
