// Addresses round trip, keep the one spelling of RFC 5952, and agree with node's own reading of them.
import assert from 'node:assert/strict';
import { BlockList, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalIp, familyOf, fromBytes, isIp, toBigInt, toBytes } from './ip.ts';

const bytes4 = fc.uint8Array({ minLength: 4, maxLength: 4 });
// Half of the bytes are zero, so that runs of zeros of every place and length occur.
const zeroRich = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 255 }));
const bytes16 = fc.array(zeroRich, { minLength: 16, maxLength: 16 }).map((list) => Uint8Array.from(list));

/** The eight groups of an address, by the reader of URLs (WHATWG), which shares no code with ours. */
function groupsByUrl(text: string): string {
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

test('familyOf() tells addresses from what only looks like one', () => {
  const table: [string, 4 | 6 | undefined][] = [
    ['192.0.2.1', 4],
    ['0.0.0.0', 4],
    ['255.255.255.255', 4],
    ['::', 6],
    ['::1', 6],
    ['2001:DB8::1', 6],
    ['::ffff:192.0.2.1', 6],
    ['1:2:3:4:5:6:7:8', 6],
    ['192.0.2.01', undefined],
    ['192.0.2', undefined],
    ['192.0.2.256', undefined],
    ['0x7f.0.0.1', undefined],
    ['fe80::1%eth0', undefined],
    ['1::2::3', undefined],
    ['1:2:3:4:5:6:7', undefined],
    ['12345::', undefined],
    ['', undefined],
    [' 192.0.2.1', undefined],
    ['192.0.2.1/24', undefined],
  ];
  for (const [text, family] of table) {
    assert.equal(familyOf(text), family, text);
    assert.equal(isIp(text), family !== undefined, text);
  }
});

test('toBytes() reads network byte order', () => {
  assert.deepEqual([...toBytes('192.0.2.1')], [192, 0, 2, 1]);
  assert.deepEqual(
    [...toBytes('2001:db8::8:800:200c:417a')],
    [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 8, 8, 0, 0x20, 0x0c, 0x41, 0x7a],
  );
  assert.deepEqual([...toBytes('::ffff:192.0.2.1')].slice(10), [255, 255, 192, 0, 2, 1]);
  assert.deepEqual([...toBytes('64:ff9b::192.0.2.33')].slice(12), [192, 0, 2, 33]);
});

test('toBytes() and fromBytes() refuse what is no address', () => {
  assert.throws(() => toBytes('no'), /Cannot read an IP address: current value is "no"/);
  assert.throws(() => fromBytes(new Uint8Array(5)), /4 or 16 bytes: current length is 5/);
});

test('fromBytes() and toBytes() are inverse for IPv4', () => {
  fc.assert(
    fc.property(bytes4, (bytes) => {
      assert.deepEqual(toBytes(fromBytes(bytes)), bytes);
    }),
  );
});

test('fromBytes() and toBytes() are inverse for IPv6', () => {
  fc.assert(
    fc.property(bytes16, (bytes) => {
      assert.deepEqual(toBytes(fromBytes(bytes)), bytes);
    }),
    { numRuns: 500 },
  );
});

test('fromBytes() shortens IPv6 as the URL standard does', () => {
  fc.assert(
    fc.property(bytes16, (bytes) => {
      const ours = fromBytes(bytes);
      // The URL standard writes mapped addresses in hexadecimal; RFC 5952 recommends the dotted form.
      if (ours.includes('.')) return;
      assert.equal(ours, groupsByUrl(ours));
    }),
    { numRuns: 500 },
  );
});

test('canonicalIp() gives every spelling of RFC 5952 its one form', () => {
  const table: [string, string][] = [
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:DB8:0:0:1::1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::FFFF:c000:0201', '::ffff:192.0.2.1'],
    ['fe80:0:0:0:0:0:0:0', 'fe80::'],
    ['192.0.2.1', '192.0.2.1'],
  ];
  for (const [text, wanted] of table) assert.equal(canonicalIp(text), wanted);
});

test('canonicalIp() names the address that node reads too', () => {
  fc.assert(
    fc.property(fc.ipV6(), (text) => {
      const list = new BlockList();
      list.addAddress(new SocketAddress({ address: canonicalIp(text), family: 'ipv6' }));

      assert.ok(list.check(text, 'ipv6'), text);
      assert.equal(canonicalIp(canonicalIp(text)), canonicalIp(text));
    }),
    { numRuns: 500 },
  );
});

test('toBigInt() orders addresses as numbers', () => {
  assert.equal(toBigInt(toBytes('0.0.1.0')), 256n);
  assert.equal(toBigInt(toBytes('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff')), 2n ** 128n - 1n);
  assert.equal(toBigInt(toBytes('1::')), 2n ** 112n);
});
