import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { listenForSignals } from './signals.ts';

afterEach(() => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.removeAllListeners(signal);
});

test('claim() hears the signal that came before it, which ends nobody any more', () => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    const signals = listenForSignals();
    process.emit(signal);
    assert.equal(signals.endedBy(), signal === 'SIGTERM' ? 143 : 129);
    const heard: string[] = [];
    signals.claim((one) => heard.push(one));

    assert.deepEqual(heard, [signal]);
    assert.equal(signals.endedBy(), undefined);
    process.removeAllListeners(signal);
  }
});
