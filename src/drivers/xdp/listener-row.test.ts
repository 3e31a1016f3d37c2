// Which listeners need an entry for every flow, and what a row says in the program's own units.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN_LISTENER, PLAIN_MEMBER } from '../../../test/fixtures/xdp-listener.ts';
import { type ListenerEntry, memberEntry } from './entries.ts';
import { LISTENER_FLAG } from './layout.ts';
import { emptyRow, flagsOf, rowOf } from './listener-row.ts';
import type { ListenerSpec, MemberSpec } from './spec.ts';

const DIRECT: ListenerSpec = { ...PLAIN_LISTENER, mode: 'dr', scheduler: 'mh' };

function entryOf(change: Partial<ListenerSpec>, member: Partial<MemberSpec> = {}): ListenerEntry {
  const spec = { ...DIRECT, ...change };
  const one = memberEntry(1, { ...PLAIN_MEMBER, ...member });
  return { number: 1, key: spec.key, spec, row: emptyRow(spec), members: new Map([[one.endpoint, one]]) };
}

test('flagsOf() keeps entries for flows only where the ring alone cannot find them again', () => {
  const keeps = (change: Partial<ListenerSpec>, member: Partial<MemberSpec> = {}): boolean =>
    (flagsOf(entryOf(change, member)) & LISTENER_FLAG.state) !== 0;

  assert.deepEqual([keeps({}), keeps({ mode: 'tunnel' }), keeps({ scheduler: 'sh' })], [false, false, false]);
  assert.ok(keeps({ scheduler: 'rr' }));
  assert.ok(keeps({ mode: 'nat' }));
  assert.ok(keeps({ persistence: { ms: 1000, length: 32 } }));
  assert.ok(keeps({ sourcePerSecond: 1 }));
  assert.ok(keeps({}, { maxConnections: 1 }));
});

test("flagsOf() has the node's own address as the source where none is named", () => {
  const own = (change: Partial<ListenerSpec>): boolean =>
    (flagsOf(entryOf(change)) & LISTENER_FLAG.ownSource) !== 0;

  assert.deepEqual(
    [own({ mode: 'onearm' }), own({ mode: 'fullnat' }), own({ mode: 'nat' })],
    [true, true, false],
  );
  assert.equal(own({ mode: 'fullnat', sources: ['192.0.2.11'] }), false);
});

test('rowOf() counts in ticks and windows, rounded up, and leaves the rings alone', () => {
  const entry = entryOf({
    persistence: { ms: 2500, length: 24 },
    connectionsPerSecond: 3,
    sourcePerSecond: 1,
  });
  const ring = { offset: 64, size: 13 };
  const row = rowOf(
    { ...entry, row: { ...entry.row, ring } },
    { first: 5, count: 2 },
    {
      tickSeconds: 1,
      windowSeconds: 0.5,
      owner: 7,
    },
  );

  assert.deepEqual(
    [row.ring, row.persistTicks, row.persistLength4, row.connectionsPerWindow, row.sourcePerWindow],
    [ring, 3, 24, 2, 1],
  );
  assert.deepEqual([row.sourceFirst, row.sourceCount, row.owner, row.flags], [5, 2, 7, flagsOf(entry)]);
});
