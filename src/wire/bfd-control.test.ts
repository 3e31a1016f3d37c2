// BFD control messages: bytes as bfdd 8.4 sends them, in pieces, and garbage.
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { test } from 'node:test';
import { readBfdControl, writeSubscribe } from './bfd-control.ts';

function message(type: number, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(text.length, 0);
  head[6] = type;
  head[7] = 1;
  return Buffer.concat([head, Buffer.from(text)]);
}

const UP = message(
  4,
  '{"op":"status","ipv6":false,"multihop":false,"peer-address":"192.0.2.2","local-interface":"eth0","id":1,"remote-id":2,"state":"up","uptime":0,"diagnostics":0,"remote-diagnostics":0}',
);
const DOWN = message(
  4,
  '{"op":"status","peer-address":"192.0.2.2","local-interface":"eth0","state":"down","diagnostics":3}',
);
const ADDED = message(4, '{"op":"add","peer-address":"192.0.2.2"}');
const ANSWER = message(1, '{"status":"ok"}');

test('writeSubscribe() asks for everything', () => {
  assert.equal(Buffer.from(writeSubscribe()).toString('hex'), '0000000800010401ffffffffffffffff');
});

test('readBfdControl() tells states alone, of several messages in one read', () => {
  const { notices, rest } = readBfdControl(Buffer.concat([ANSWER, ADDED, UP, DOWN]));

  assert.deepEqual(notices, [
    { peer: '192.0.2.2', interface: 'eth0', up: true, diagnostic: 0 },
    { peer: '192.0.2.2', interface: 'eth0', up: false, diagnostic: 3 },
  ]);
  assert.equal(rest.length, 0);
});

test('readBfdControl() waits for the rest of a message, wherever it is cut', () => {
  for (let cut = 0; cut < UP.length; cut++) {
    const first = readBfdControl(UP.subarray(0, cut));
    const second = readBfdControl(Buffer.concat([first.rest, UP.subarray(cut)]));

    assert.equal(first.notices.length + second.notices.length, 1);
  }
});

test('readBfdControl() refuses a stream that is out of step', () => {
  assert.throws(() => readBfdControl(Buffer.alloc(64, 0x7b)), RangeError);
});
