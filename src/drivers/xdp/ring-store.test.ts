import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Arena } from './arena.ts';
import type { ListenerEntry } from './entries.ts';
import { LISTENER } from './layout.ts';
import { RingStore } from './ring-store.ts';
import { ringOf } from './rows.ts';

const NUMBER = 3;
const OLD = Uint16Array.from([1, 1, 2, 2]);
const NEW = Uint16Array.from([1, 1, 1, 1]);

let memory: ArrayBuffer;
let slots: Uint16Array;
let arena: Arena;
let tick: number;
let store: RingStore;
let entry: ListenerEntry;

beforeEach(() => {
  memory = new ArrayBuffer(LISTENER.size * 8);
  slots = new Uint16Array(4096);
  let now = 0;
  arena = new Arena(slots.length, () => (now += 2000));
  tick = 100;
  store = new RingStore(memory, slots, arena, () => tick);
  const none = { offset: 0, size: 0 };
  entry = {
    number: NUMBER,
    key: 'k',
    row: { ring: none, base: none },
    members: new Map(),
  } as unknown as ListenerEntry;
});

/** What a packet would see. */
function seen(which: 'ring' | 'base'): number[] {
  const word = new DataView(memory).getBigUint64(NUMBER * LISTENER.size + LISTENER[which], true);
  const { offset, size } = ringOf(word);
  return [...slots.subarray(offset, offset + size)];
}

test('RingStore opens a window with the first change of a stateless listener', () => {
  store.store(entry, OLD, true);
  assert.deepEqual([seen('ring'), seen('base')], [[...OLD], [...OLD]]);

  store.store(entry, NEW, true);

  assert.deepEqual([seen('ring'), seen('base')], [[...NEW], [...OLD]]);
});

test('RingStore keeps the base of an open window through more changes, of size too', () => {
  store.store(entry, OLD, true);
  store.store(entry, NEW, true);

  store.store(entry, Uint16Array.from([3, 3, 3, 3, 3]), true);

  assert.deepEqual([seen('ring'), seen('base')], [[3, 3, 3, 3, 3], [...OLD]]);
});

test('RingStore closes a window after enough quiet, and gives its room back', () => {
  store.store(entry, OLD, true);
  const used = arena.used;
  store.store(entry, NEW, true);
  tick += 10;
  store.closeWindow(entry, 10);
  assert.deepEqual(seen('base'), [...OLD], 'not yet');

  tick += 1;
  store.closeWindow(entry, 10);

  assert.deepEqual(seen('base'), [...NEW]);
  assert.equal(arena.used, used);
});

test('RingStore keeps a window open while the program sees flows off their slot', () => {
  store.store(entry, OLD, true);
  store.store(entry, NEW, true);
  tick += 50;
  new DataView(memory).setUint32(NUMBER * LISTENER.size + LISTENER.lastPinned, tick - 3, true);

  store.closeWindow(entry, 10);

  assert.deepEqual(seen('base'), [...OLD]);
});

test('RingStore has no window where every flow has an entry', () => {
  store.store(entry, OLD, false);
  store.store(entry, Uint16Array.from([5]), false);

  assert.deepEqual([seen('ring'), seen('base')], [[5], [5]]);
});

test('RingStore closes the window of a listener that begins to keep flows', () => {
  store.store(entry, OLD, true);
  store.store(entry, NEW, true);

  store.store(entry, NEW, false);

  assert.deepEqual(seen('base'), [...NEW]);
});

test('RingStore.drop() gives everything back', () => {
  store.store(entry, OLD, true);
  store.store(entry, NEW, true);

  store.drop(entry);

  assert.equal(arena.used, 0);
});
