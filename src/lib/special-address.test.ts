import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLocal, specialKind } from './special-address.ts';

test('specialKind() names what no machine can have', () => {
  for (const [address, kind] of [
    ['0.0.0.0', 'the unspecified address'],
    ['::', 'the unspecified address'],
    ['224.0.0.1', 'a multicast address'],
    ['ff02::1', 'a multicast address'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'the broadcast address'],
    ['192.0.2.1', undefined],
    ['2001:db8::ff', undefined],
    ['ff::1', undefined],
  ] as const)
    assert.equal(specialKind(address), kind, address);
});

test('isLocal() tells loopback and link-local IPv6', () => {
  for (const address of ['127.0.0.1', '127.9.9.9', '::1', 'fe80::1', 'febf::1'])
    assert.ok(isLocal(address), address);
  for (const address of ['128.0.0.1', '169.254.0.1', 'fec0::1', '2001:db8::1'])
    assert.ok(!isLocal(address), address);
});
