// What a node makes of somebody else who claims the addresses that it carries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BFD_PEER, BFD_VIP, bfdPair } from '../../../test/fixtures/bfd-pair.ts';
import { FakeRoute } from '../../kernel/fake/fake-route.ts';
import { FakeClock } from '../../lib/clock.ts';
import type { Role } from '../../model/protocol.ts';
import type { GroupKeeper } from '../group-keeper.ts';
import { NodeFacts } from '../node-facts.ts';
import { Troubles } from '../troubles.ts';
import { Claims } from './claims.ts';

function scene() {
  const intent = bfdPair();
  const [clock, route] = [new FakeClock(0), new FakeRoute()];
  const { index } = route.addLink('eth0');
  const node = { address: '192.0.2.1', prefixLength: 24, linkIndex: index, flags: 0, protocol: 0, label: '' };
  route.addAddress(node, 'create');
  const facts = new NodeFacts(clock);
  facts.tell({ kind: 'ready', applied: true, synced: true });
  facts.watch(intent.ha!.bfd);
  facts.hold(intent, false);
  facts.setBfd('peer', true);
  let claims = 0;
  const troubles = new Troubles(() => {});
  const onClaim = (): void => void claims++;
  const ears = new Claims({ clock, route, neighbours: route, facts, troubles, onClaim });
  const listen = (role: Role): void => {
    ears.listen([{ group: intent.ha!.groups[0]!, fact: { role } } as unknown as GroupKeeper], intent);
  };
  const alive = (): string => {
    const seen = facts.peersSeen(intent);
    return seen.kind === 'peers' ? seen.alive : '';
  };
  const claim = async (): Promise<number> => {
    route.claimed.push(BFD_VIP);
    await clock.advance(50);
    return claims;
  };
  return { clock, route, facts, listen, claim, alive };
}

test('Claims: a peer that claims what we carry and does not answer is deaf, though its session is up still', async () => {
  const { clock, route, facts, listen, claim, alive } = scene();
  listen('active');
  assert.deepEqual([...route.heard], [`${BFD_VIP} on eth0`]);
  assert.equal(await claim(), 1);
  assert.deepEqual(route.probed, [`${BFD_PEER} on eth0`]);
  assert.equal(alive(), 'deaf');

  facts.setBfd('peer', false);
  assert.equal(alive(), 'deaf');
  await clock.advance(5000);
  assert.equal(alive(), 'no', 'by then its session tells what it hears');
});

test('Claims: one that answers hears us, and one whose session comes up anew does again', async () => {
  const { route, facts, listen, claim, alive } = scene();
  listen('active');
  route.owners.set(BFD_PEER, '02:00:00:00:00:09');
  assert.equal(await claim(), 0);
  assert.equal(alive(), 'some');

  route.owners.delete(BFD_PEER);
  await claim();
  assert.equal(alive(), 'deaf');
  facts.setBfd('peer', false);
  facts.setBfd('peer', true);
  assert.equal(alive(), 'some');
});

test('Claims: while the peer has been away for long a stranger who claims the address takes nothing from us', async () => {
  const { clock, facts, listen, claim, alive } = scene();
  listen('active');
  facts.setBfd('peer', false);
  await clock.advance(4000);

  assert.equal(await claim(), 0);
  assert.equal(alive(), 'no');
});

test('Claims.listen: only to what is carried here', () => {
  const { route, listen } = scene();
  listen('active');
  listen('standby');

  assert.deepEqual([...route.heard], []);
});
