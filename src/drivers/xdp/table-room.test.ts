import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenerSpec } from './spec.ts';
import { TableRoom } from './table-room.ts';

const MODE = { mode: 'nat', scheduler: 'rr' } as const;
const range = (from: number, to: number) => listenerSpec(`tcp/192.0.2.10:${from}-${to}`, MODE);

test('TableRoom refuses a range that the table cannot hold beside what is there', () => {
  const room = new TableRoom({ vips4: 1000, vips6: 1000, allowed: 10 });
  const first = range(1, 600);
  room.check(undefined, first, 100);
  room.add(first, 1);

  assert.throws(() => room.check(undefined, range(1000, 1400), 100), {
    code: 'XDP_LIMIT',
    message: /401 ports .* "vips4" .* current value is 1000, 1101 would be needed/,
  });
  room.check(undefined, range(1000, 1299), 100);
  // In place of the first one there is room for more.
  room.check(first, range(1, 900), 100);
  room.add(first, -1);
  room.check(undefined, range(1000, 1400), 100);
});

test('TableRoom counts the families apart', () => {
  const room = new TableRoom({ vips4: 100, vips6: 100, allowed: 10 });
  room.add(range(1, 100), 1);

  room.check(undefined, listenerSpec('tcp/[2001:db8::1]:1-100', MODE), 0);
});

test('TableRoom refuses more allowed networks than the prefix table holds', () => {
  const room = new TableRoom({ vips4: 100, vips6: 100, allowed: 3 });
  const two = listenerSpec('tcp/192.0.2.10:80', { ...MODE, allowed: '10.0.0.0/8,10.1.0.0/16' });
  room.add(two, 1);

  assert.throws(() => room.check(undefined, { ...two, portFrom: 81, portTo: 81 }, 0), {
    code: 'XDP_LIMIT',
    message: /2 allowed networks .* "allowed" .* current value is 3, 4 would be needed/,
  });
});
