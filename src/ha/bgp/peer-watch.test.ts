// What is told of BGP sessions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BgpPeer } from '../../model/ha.ts';
import { Troubles } from '../troubles.ts';
import { PeerWatch } from './peer-watch.ts';

const PEER: BgpPeer = {
  name: 'tor1',
  address: '192.0.2.254',
  port: 179,
  remoteAs: 65101,
  multihop: 1,
  holdMs: 9000,
  keepaliveMs: 3000,
  maxPrefix: 100,
};
const LOOK_MS = 5000;

function scene() {
  const told: string[] = [];
  const troubles = new Troubles((what) => told.push(what));
  const watch = new PeerWatch(troubles);
  let nowMs = 0;
  const look = (...rows: readonly (readonly [state: string, upMs: number])[]): void => {
    nowMs += LOOK_MS;
    watch.see(
      [PEER],
      rows.map(([state, upMs]) => ({ peer: PEER.address, state, prefixesSent: 0, upMs })),
      nowMs,
    );
  };
  return { told, troubles, watch, look };
}

test('PeerWatch tells of a session that does not come up once, and forgets it when it has lasted from one look to the next', () => {
  const { told, troubles, watch, look } = scene();

  for (const state of ['Connect', 'Active', 'Active', 'Idle']) look([state, 0]);
  assert.deepEqual(told, ['bgp tor1']);
  assert.match(troubles.list.join(), /no session with 192\.0\.2\.254 \(Active\); .* AS 65101, one hop away/);
  assert.deepEqual(watch.states, { tor1: 'Idle' });

  look(['Established', 1000]);
  assert.equal(troubles.list.length, 1);
  look(['Established', 1000 + LOOK_MS]);
  assert.deepEqual(troubles.list, []);
});

test('PeerWatch tells of a session that comes up again and again, whatever a look finds', () => {
  for (const states of [
    ['Established', 'Active', 'Established', 'Active'],
    ['Established', 'Established', 'Established', 'Established'],
  ]) {
    const { troubles, look } = scene();
    look(['Established', 60_000]);
    for (const state of states) look([state, 1000]);
    assert.match(troubles.list.join(), /no session with 192\.0\.2\.254/, states.join());
  }
});

test('PeerWatch takes a start for no trouble: the session may have come up before the first look, or by the second', () => {
  const { troubles, look } = scene();
  look(['Connect', 0]);
  look(['Established', 2000]);
  look(['Established', 2000 + LOOK_MS]);
  assert.deepEqual(troubles.list, []);

  const other = scene();
  other.look(['Established', 100]);
  other.look(['Active', 0]);
  assert.deepEqual(other.troubles.list, []);
});

test('PeerWatch says nothing of a peer that is no longer configured', () => {
  const { troubles, watch, look } = scene();

  for (let i = 0; i < 3; i++) look();
  assert.equal(troubles.list.length, 1);
  watch.see([], [], 0);

  assert.deepEqual([watch.states, troubles.list], [{}, []]);
});
