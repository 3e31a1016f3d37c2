import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { decodeIcmp, encodeEchoRequest } from './icmp-echo.ts';

const ECHO = { id: 0x1234, sequence: 7, payload: Uint8Array.of(1, 2, 3, 4) };
// Version 4, 20 bytes, protocol ICMP, 192.0.2.1 to 192.0.2.2; what we do not read is zero.
const IPV4_HEADER = [0x45, 0, 0, 0, 0, 0, 0, 0, 64, 1, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];

describe('encodeEchoRequest()', () => {
  it('writes an IPv4 request with its checksum, and leaves that of IPv6 to the kernel', () => {
    const v4 = encodeEchoRequest(4, ECHO);
    const v6 = encodeEchoRequest(6, ECHO);

    // 0800 + 1234 + 0007 + 0102 + 0304 = 1e41, its complement e1be.
    assert.deepEqual([...v4], [8, 0, 0xe1, 0xbe, 0x12, 0x34, 0, 7, 1, 2, 3, 4]);
    assert.deepEqual([...v6], [128, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4]);
  });
});

describe('decodeIcmp()', () => {
  it('reads replies of both families', () => {
    const v4 = Uint8Array.from([...IPV4_HEADER, 0, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4]);
    const v6 = Uint8Array.from([129, 0, 0, 0, 0x12, 0x34, 0, 7, 1, 2, 3, 4]);

    assert.deepEqual(decodeIcmp(4, v4), { kind: 'reply', echo: ECHO });
    assert.deepEqual(decodeIcmp(6, v6), { kind: 'reply', echo: ECHO });
  });

  it('finds our request in the quote of an error', () => {
    const request = [...encodeEchoRequest(4, ECHO)];
    const v4 = Uint8Array.from([...IPV4_HEADER, 3, 1, 0, 0, 0, 0, 0, 0, ...IPV4_HEADER, ...request]);
    const ipv6Header = new Array<number>(40).fill(0);
    const v6 = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, ...ipv6Header, ...encodeEchoRequest(6, ECHO)]);

    assert.deepEqual(decodeIcmp(4, v4), { kind: 'error', what: 'unreachable', id: 0x1234, sequence: 7 });
    assert.deepEqual(decodeIcmp(6, v6), { kind: 'error', what: 'unreachable', id: 0x1234, sequence: 7 });
  });

  it('ignores requests, other errors and garbage', () => {
    assert.equal(decodeIcmp(4, Uint8Array.from([...IPV4_HEADER, ...encodeEchoRequest(4, ECHO)])), undefined);
    fc.assert(
      fc.property(
        fc.constantFrom(4 as const, 6 as const),
        fc.uint8Array({ maxLength: 120 }),
        (family, bytes) => {
          decodeIcmp(family, bytes);
        },
      ),
    );
  });
});
