import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { ListenerEntry } from './entries.ts';
import { LISTENER, VIP4_KEY, VIP6_KEY } from './layout.ts';
import { Leading } from './leading.ts';

const TCP = 6;
const VIP = [192, 0, 2, 10];
const NUMBER = 1;
const entry = { number: NUMBER, spec: { portFrom: 80, portTo: 81 } } as ListenerEntry;

/** Tables with one listener on two ports, of which `leading` are in the table of addresses. */
function tables(leading: number[], trustMs: number) {
  const memory = new ArrayBuffer(2 * LISTENER.size);
  const row = new DataView(memory, NUMBER * LISTENER.size);
  row.setUint8(LISTENER.family, 4);
  row.setUint8(LISTENER.transport, TCP);
  row.setUint16(LISTENER.portFrom, 80, true);
  row.setUint16(LISTENER.portTo, 81, true);
  VIP.forEach((byte, i) => void row.setUint8(LISTENER.vip + i, byte));
  const maps: Record<string, Partial<BpfMap>> = {
    listeners: { maxEntries: 2, memory: () => memory },
    vips4: {
      *batches() {
        const keys = new Uint8Array(leading.length * VIP4_KEY.size);
        leading.forEach((port, i) => {
          const key = new DataView(keys.buffer, i * VIP4_KEY.size);
          VIP.forEach((byte, at) => void key.setUint8(VIP4_KEY.address + at, byte));
          key.setUint16(VIP4_KEY.port, port);
          key.setUint8(VIP4_KEY.protocol, TCP);
        });
        const values = new Uint8Array(Uint32Array.from(leading, () => NUMBER).buffer);
        yield { count: leading.length, keys, values, done: true };
      },
    },
    vips6: {
      *batches() {
        yield { count: 0, keys: new Uint8Array(VIP6_KEY.size), values: new Uint8Array(4), done: true };
      },
    },
  };
  return new Leading((name) => maps[name] as BpfMap, trustMs);
}

test('isReachable() holds every port of a listener against the addresses', () => {
  assert.equal(tables([80, 81], 0).isReachable(0)(entry), true);
  assert.equal(tables([80], 0).isReachable(0)(entry), false);
  assert.equal(tables([80, 82], 0).isReachable(0)(entry), false);
});

test('isReachable() believes its last look until we write, or for as long as it is told to', () => {
  const ports = [80, 81];
  const trusting = tables(ports, 60_000);
  const never = tables(ports, 0);
  assert.equal(trusting.isReachable(7)(entry), true);
  assert.equal(never.isReachable(7)(entry), true);

  ports.pop();

  assert.equal(trusting.isReachable(7)(entry), true);
  assert.equal(never.isReachable(7)(entry), false);
  assert.equal(trusting.isReachable(8)(entry), false);
});
