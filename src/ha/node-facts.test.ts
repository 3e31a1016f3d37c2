// What the node knows of its peers from the sessions between them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildIntent } from '../../test/fixtures/build-intent.ts';
import { FakeClock } from '../lib/clock.ts';
import type { BfdSession } from '../model/ha.ts';
import type { Intent } from '../model/intent.ts';
import { NodeFacts } from './node-facts.ts';

const SESSION: BfdSession = {
  name: 'peer',
  peer: '192.0.2.2',
  transmitMs: 50,
  receiveMs: 50,
  multiplier: 3,
  multihop: false,
};

function watching(): { clock: FakeClock; facts: NodeFacts; alive: () => string } {
  const clock = new FakeClock(10_000);
  const facts = new NodeFacts(clock);
  const plain = buildIntent({});
  const ha = {
    provider: 'frr',
    groups: [],
    bfd: [SESSION],
    sync: { enabled: false },
  } as unknown as Intent['ha'];
  const intent = { ...plain, ha } as Intent;
  facts.tell({ kind: 'ready', applied: true, synced: true });
  facts.watch([SESSION]);
  facts.hold(intent, false);
  const alive = (): string => {
    const seen = facts.peersSeen(intent);
    return seen.kind === 'peers' ? seen.alive : '';
  };
  return { clock, facts, alive };
}

test('NodeFacts.watchWorks: what a bfdd that is gone had said counts no more, and another one has time to hear the peer', () => {
  const { clock, facts, alive } = watching();
  facts.watchWorks = true;
  facts.setBfd('peer', true);
  assert.equal(alive(), 'some');

  facts.watchWorks = false;
  assert.deepEqual(facts.status().bfd, {});
  clock.advance(60_000);
  assert.equal(alive(), 'unknown');

  facts.setBfd('peer', false);
  facts.watchWorks = true;
  assert.equal(alive(), 'unknown');
  clock.advance(4000);
  assert.equal(alive(), 'no');
  facts.setBfd('peer', true);
  assert.equal(alive(), 'some');
});

test('NodeFacts.setBfd: what a peer was heard to say before its session came up holds no more when that goes down again', () => {
  const { facts, alive } = watching();
  facts.watchWorks = true;
  facts.setBfd('peer', false);
  facts.setHeard('peer', 0);
  assert.equal(alive(), 'deaf');

  facts.setBfd('peer', true);
  facts.setBfd('peer', false);

  assert.equal(alive(), 'no');
  assert.equal(facts.setHeard('peer', undefined), false);
});

test('NodeFacts.watch: a session with another peer is another one, which has time to come up; one taken out is shown no more', () => {
  const { clock, facts, alive } = watching();
  facts.watchWorks = true;
  facts.setBfd('peer', true);
  facts.watch([SESSION]);
  assert.equal(alive(), 'some');
  clock.advance(60_000);

  facts.watch([{ ...SESSION, peer: '192.0.2.3' }]);
  facts.setBfd('peer', false);
  assert.equal(alive(), 'unknown');
  clock.advance(4000);
  assert.equal(alive(), 'no');

  facts.watch([]);
  assert.deepEqual(facts.status().bfd, {});
});
