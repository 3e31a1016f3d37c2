// Lockout: free at first, then slow, then shut for longer and longer; its memory has an end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, Lockout } from './lockout.ts';

test('failures are free, then slow, then shut the door, each time for longer', () => {
  const lockout = new Lockout();
  const slow: number[] = [];
  for (let i = 0; i < 9; i++) {
    slow.push(lockout.verdict('192.0.2.1', 0).slowMs);
    lockout.failed('192.0.2.1', 0);
  }
  assert.deepEqual(slow, [0, 0, 0, 250, 500, 1000, 2000, 4000, 4000]);
  lockout.failed('192.0.2.1', 0);
  assert.equal(lockout.verdict('192.0.2.1', 0).shutMs, 60_000);
  assert.equal(lockout.verdict('192.0.2.1', 60_000).shutMs, 0);
  assert.equal(lockout.verdict('192.0.2.2', 0).shutMs, 0);
  for (let i = 0; i < 7; i++) lockout.failed('192.0.2.1', 60_000);
  assert.equal(lockout.verdict('192.0.2.1', 60_000).shutMs, 120_000);
  assert.deepEqual(lockout.verdict('192.0.2.1', 60_000 + 31 * 60_000), { slowMs: 0, shutMs: 0 });
});

test('a success forgets the failures before it', () => {
  const lockout = new Lockout();
  for (let i = 0; i < 5; i++) lockout.failed('192.0.2.1', 0);
  lockout.succeeded('192.0.2.1');
  assert.deepEqual(lockout.verdict('192.0.2.1', 0), { slowMs: 0, shutMs: 0 });
});

test('keyOf() is the address, or its /64', () => {
  assert.equal(keyOf('192.0.2.1'), '192.0.2.1');
  assert.equal(keyOf('::ffff:192.0.2.1'), '192.0.2.1');
  assert.equal(keyOf('2001:db8:0:1::5'), keyOf('2001:db8::1:aaaa:0:0:6'));
  assert.notEqual(keyOf('2001:db8:0:1::5'), keyOf('2001:db8:0:2::5'));
  assert.equal(keyOf('fe80::1%eth0'), 'fe80:0:0:0::/64');
  assert.equal(keyOf('::1'), '0:0:0:0::/64');
});

test('a storm of addresses does not grow its memory without end', () => {
  const lockout = new Lockout();
  for (let i = 0; i < 30_000; i++) lockout.failed(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`, i);
  assert.equal(lockout.size, 10_000);
});
