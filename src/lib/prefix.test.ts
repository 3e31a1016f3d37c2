// Networks hold what node's BlockList says they hold.
import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { fromBytes, toBytes } from './ip.ts';
import { bitsOf, contains, formatPrefix, hasHostBits, networkOf, parsePrefix } from './prefix.ts';

/** An address and one that shares a random number of its leading bits, so that both answers are common. */
const pair = fc
  .record({
    bytes: fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
    ),
    noise: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    length: fc.nat(128),
    shared: fc.nat(128),
  })
  .map(({ bytes, noise, length, shared }) => {
    const bits = bytes.length * 8;
    const other = bytes.map((byte, index) => {
      const keep = Math.min(8, Math.max(0, (shared % (bits + 1)) - index * 8));
      return byte ^ (noise[index]! & (0xff >> keep));
    });
    return { address: fromBytes(bytes), other: fromBytes(other), length: length % (bits + 1), bits };
  });

test('parsePrefix() reads networks and bare addresses', () => {
  assert.deepEqual(parsePrefix('192.0.2.0/24'), { address: '192.0.2.0', length: 24, family: 4 });
  assert.deepEqual(parsePrefix('192.0.2.1'), { address: '192.0.2.1', length: 32, family: 4 });
  assert.deepEqual(parsePrefix('2001:DB8::/32'), { address: '2001:db8::', length: 32, family: 6 });
  assert.deepEqual(parsePrefix('::/0'), { address: '::', length: 0, family: 6 });
});

test('parsePrefix() refuses what is neither', () => {
  for (const text of [
    '192.0.2.0/33',
    '::/129',
    '192.0.2.0/',
    '192.0.2.0/-1',
    '192.0.2.0/2 ',
    '192.0.2.0/1e1',
    'x/24',
    '',
    '/24',
    '192.0.2.0/24/24',
    '192.0.2.0/024',
  ])
    assert.equal(parsePrefix(text), undefined, text);
});

test('formatPrefix() is read back', () => {
  fc.assert(
    fc.property(pair, ({ address, length }) => {
      const prefix = parsePrefix(`${address}/${length}`)!;
      assert.deepEqual(parsePrefix(formatPrefix(prefix)), prefix);
    }),
  );
});

test('contains() agrees with the BlockList of node', () => {
  fc.assert(
    fc.property(pair, ({ address, other, length, bits }) => {
      const family = bits === 32 ? 'ipv4' : 'ipv6';
      const list = new BlockList();
      list.addSubnet(address, length, family);

      assert.equal(contains(parsePrefix(`${address}/${length}`)!, other), list.check(other, family));
    }),
    { numRuns: 1000 },
  );
});

test('contains() never mixes families', () => {
  assert.equal(contains(parsePrefix('0.0.0.0/0')!, '::1'), false);
  assert.equal(contains(parsePrefix('::/0')!, '192.0.2.1'), false);
  assert.equal(contains(parsePrefix('192.0.2.0/24')!, 'nonsense'), false);
});

test('networkOf() clears exactly the host bits', () => {
  fc.assert(
    fc.property(pair, ({ address, length, bits }) => {
      const prefix = parsePrefix(`${address}/${length}`)!;
      const value = (text: string) => toBytes(text).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
      const host = BigInt(bits - length);

      assert.equal(value(networkOf(prefix)), (value(address) >> host) << host);
      assert.equal(hasHostBits(prefix), value(address) !== (value(address) >> host) << host);
    }),
  );
});

test('bitsOf() is the full length', () => {
  assert.equal(bitsOf(4), 32);
  assert.equal(bitsOf(6), 128);
});
