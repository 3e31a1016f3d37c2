// What is open as its settings want it: tried again where it cannot open, and let go when something else is wanted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { FakeClock } from '../../lib/clock.ts';
import { AsWanted } from './as-wanted.ts';

function harness() {
  const clock = new FakeClock();
  const told: string[] = [];
  const busy = new Set(['taken']);
  const door = new AsWanted({
    clock,
    open: async (name: string) => {
      if (busy.has(name)) throw new Error(`"${name}" is in use`);
      return { name, close: async () => void told.push(`closed ${name}`) };
    },
    onFault: ({ message }) => void told.push(message),
    onOpen: ({ name }) => void told.push(`open ${name}`),
  });
  const advance = async (ms: number) => {
    clock.advance(ms);
    await turn();
  };
  return { door, told, busy, advance };
}

test('set() tries again until it opens, and tells the fault once', async () => {
  const { door, told, busy, advance } = harness();
  await door.set('taken');
  await advance(10_000);
  assert.equal(door.fault?.message, '"taken" is in use');
  busy.clear();
  await advance(10_000);
  assert.equal(door.fault, undefined);

  assert.deepEqual(door.current?.name, 'taken');
  assert.deepEqual(told, ['"taken" is in use', 'open taken']);
});

test('set() with other settings, and close(), end the tries', async () => {
  const { door, told, busy, advance } = harness();
  await door.set('taken');
  await door.set('free');
  busy.clear();
  await advance(30_000);
  assert.equal(door.current?.name, 'free');

  busy.add('taken');
  await door.set('taken');
  await door.close();
  busy.clear();
  await advance(30_000);
  assert.deepEqual(told, ['"taken" is in use', 'closed free', '"taken" is in use']);
});
