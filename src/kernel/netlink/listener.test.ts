import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen, type NetlinkEvent } from './listener.ts';

/** A thread of this text instead of the one that listens. */
function thread(text: string): URL {
  const head = "import { parentPort, workerData } from 'node:worker_threads';";
  return new URL(`data:text/javascript,${encodeURIComponent(`${head}\n${text}`)}`);
}

/** Stays until it is told to stop, as the real one does. */
const STAY = 'while (Atomics.load(workerData.stop, 0) === 0) Atomics.wait(workerData.stop, 0, 0, 20);';
const STAY_FOR_EVER = 'setInterval(() => {}, 1000);';
const READY = "parentPort.postMessage({ kind: 'ready' });";

function listenBy(text: string, startLimitMs?: number) {
  const events: NetlinkEvent[] = [];
  const { promise: lost, resolve: onError } = Promise.withResolvers<Error>();
  const options = { protocol: 0, groups: [], onEvent: (event: NetlinkEvent) => events.push(event), onError };
  return { events, lost, listener: listen(options, thread(text), startLimitMs) };
}

test('listen() gives up a thread that never gets ready', async () => {
  await assert.rejects(listenBy(STAY_FOR_EVER, 300).listener, {
    message: 'Cannot listen to netlink as its thread did not start in 300 ms',
  });
});

test('listen() tells why its thread cannot start', async () => {
  await assert.rejects(
    listenBy("parentPort.postMessage({ kind: 'failed', message: 'no socket' });").listener,
    {
      message: 'no socket',
    },
  );
  await assert.rejects(listenBy("throw new Error('no such option');").listener, {
    message: 'no such option',
  });
});

test('listen() tells when its thread has ended, and can still be closed', async () => {
  for (const [end, message] of [
    ["parentPort.postMessage({ kind: 'failed', message: 'errno 5' });", 'errno 5'],
    ['process.exit(0);', 'Cannot listen to netlink as its thread ended'],
  ]) {
    const { lost, listener } = listenBy(
      `${READY} parentPort.postMessage({ type: 20, linkIndex: 1 }); ${end}`,
    );

    const open = await listener;

    assert.equal((await lost).message, message);
    await open.close();
  }
});

test('listen() hands events over until it is closed, and closes a thread that does not end', async () => {
  for (const stay of [STAY, STAY_FOR_EVER]) {
    const { events, listener } = listenBy(
      `parentPort.postMessage({ type: 20, linkIndex: 1 }); ${READY} ${stay}`,
    );

    await (await listener).close();

    assert.deepEqual(events, [{ type: 20, linkIndex: 1 }]);
  }
});
