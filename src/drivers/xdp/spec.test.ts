import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_LISTENER, PLAIN_MEMBER } from '../../../test/fixtures/xdp-listener.ts';
import { Numbers } from './numbers.ts';
import { keepPlaces } from './source-rows.ts';
import {
  canonicalAllowed,
  checkMember,
  type ListenerSpec,
  listenerFields,
  listenerSpec,
  memberFields,
  memberSpec,
} from './spec.ts';

const RICH: ListenerSpec = {
  ...PLAIN_LISTENER,
  key: 'udp/[2001:db8::10]:5000-5010',
  transport: 'udp',
  address: '2001:db8::10',
  portFrom: 5000,
  portTo: 5010,
  mode: 'fullnat',
  scheduler: 'mh',
  hashPort: true,
  fallback: true,
  persistence: { ms: 300_000, length: 64 },
  sources: ['2001:db8::a', '2001:db8::b'],
  allowed: ['2001:db8:c::/48'],
  maxConnections: 5,
  connectionsPerSecond: 6,
  sourcePerSecond: 7,
  reset: true,
};

test('listenerSpec() reads back what listenerFields() wrote', () => {
  const gue: ListenerSpec = {
    ...PLAIN_LISTENER,
    mode: 'tunnel',
    tunnel: 'gue',
    tunnelPort: 6080,
    tunnelChecksum: true,
  };
  const shared: ListenerSpec = { ...PLAIN_LISTENER, mode: 'onearm', sources: ['192.0.2.10'] };
  for (const spec of [
    PLAIN_LISTENER,
    RICH,
    gue,
    shared,
    { ...PLAIN_LISTENER, mode: 'onearm' as const },
    { ...PLAIN_LISTENER, allowed: [] },
  ])
    assert.deepEqual(listenerSpec(spec.key, listenerFields(spec)), spec);
});

test('memberSpec() reads back what memberFields() wrote', () => {
  const spec = {
    address: '2001:db8::1',
    port: 0,
    weight: 65_535,
    maxConnections: 10,
    minConnections: 8,
    reset: true,
  };

  assert.deepEqual(memberSpec('[2001:db8::1]:0', memberFields(spec)), spec);
});

test('checkMember() refuses what the program cannot do', () => {
  const member = PLAIN_MEMBER;
  const six = { ...member, address: '2001:db8::1' };

  checkMember(PLAIN_LISTENER, member);
  checkMember({ ...PLAIN_LISTENER, mode: 'tunnel' }, six);
  for (const [listener, wrong] of [
    [PLAIN_LISTENER, six],
    [{ ...PLAIN_LISTENER, mode: 'dr' }, six],
    [
      { ...PLAIN_LISTENER, transport: 'sctp' },
      { ...member, port: 81 },
    ],
    [{ ...PLAIN_LISTENER, portTo: 90 }, member],
  ] as const)
    assert.throws(() => checkMember(listener, wrong), { code: 'XDP_IMPOSSIBLE' });
});

test('canonicalAllowed() clears host bits, drops the other family and doubles, and sorts', () => {
  assert.deepEqual(canonicalAllowed(['10.1.2.3/8', '10.0.0.0/8', '2001:db8::/32', '192.0.2.1'], 4), [
    '10.0.0.0/8',
    '192.0.2.1/32',
  ]);
});

test('keepPlaces() leaves an address that stays at its index', () => {
  assert.deepEqual(keepPlaces(['a', 'b', 'c'], ['c', 'a', 'd']), ['a', 'd', 'c']);
  assert.deepEqual(keepPlaces(['a', 'b', 'c'], ['c']), ['c']);
  assert.deepEqual(keepPlaces([], ['x', 'y']), ['x', 'y']);
});

test('Numbers hands a number out again as late as it can, and never one in use', () => {
  const numbers = new Numbers(5, 'member', 'max_members');
  numbers.adopt(2);
  const first = numbers.take();
  numbers.release(first);
  const next = [numbers.take(), numbers.take(), numbers.take()];

  assert.equal(first, 3);
  assert.deepEqual(next, [4, 1, 3]);
  assert.throws(() => numbers.take(), { code: 'XDP_LIMIT' });
});
