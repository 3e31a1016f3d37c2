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
const row = (state: string) => ({ peer: PEER.address, state, prefixesSent: 0, upMs: 0 });

test('PeerWatch tells of a session that does not come up once, and forgets it when it does', () => {
  const told: string[] = [];
  const troubles = new Troubles((what) => told.push(what));
  const watch = new PeerWatch(troubles);

  for (const state of ['Connect', 'Active', 'Active', 'Idle']) watch.see([PEER], [row(state)]);
  assert.deepEqual(told, ['bgp tor1']);
  assert.match(troubles.list.join(), /no session with 192\.0\.2\.254 \(Active\); .* AS 65101, one hop away/);
  assert.deepEqual(watch.states, { tor1: 'Idle' });

  watch.see([PEER], [row('Established')]);
  assert.deepEqual(troubles.list, []);
});

test('PeerWatch says nothing of a peer that is no longer configured', () => {
  const troubles = new Troubles(() => {});
  const watch = new PeerWatch(troubles);

  for (let i = 0; i < 3; i++) watch.see([PEER], []);
  assert.equal(troubles.list.length, 1);
  watch.see([], []);

  assert.deepEqual([watch.states, troubles.list], [{}, []]);
});
