// Loading the program while signals arrive: each ends the verifier's work, which is no reason to refuse the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { loadObject } from '../../src/kernel/bpf/object.ts';
import { OBJECT } from '../xdp/rig.ts';

/** Longer than libbpf goes on by itself, shorter than we do. */
const SIGNALS_MS = 300;
/** A signal each millisecond, by the wall: however slow the machine, they end. */
const SENDER = `const end = Date.now() + ${SIGNALS_MS}, cell = new Int32Array(new SharedArrayBuffer(4));
require('node:fs').writeSync(1, 'sending');
while (Date.now() < end) { process.kill(Number(process.argv[1]), 'SIGWINCH'); Atomics.wait(cell, 0, 0, 1); }`;

test('loadObject() loads the program although signals keep interrupting the verifier', async () => {
  let signals = 0;
  const onSignal = (): void => {
    signals++;
  };
  process.on('SIGWINCH', onSignal);
  const sender = spawn(process.execPath, ['-e', SENDER, String(process.pid)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    await once(sender.stdout, 'data');
    const object = loadObject(OBJECT);

    assert.ok(object.program('steelyard_clock') >= 0);
    object.close();
    await once(sender, 'exit');
    assert.ok(signals > 0);
  } finally {
    process.off('SIGWINCH', onSignal);
    sender.kill('SIGKILL');
  }
});
