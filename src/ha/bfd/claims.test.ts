// What a node makes of somebody else who claims the addresses that it carries.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadTexts } from '../../config/load-text.ts';
import { FakeRoute } from '../../kernel/fake/fake-route.ts';
import { FakeClock } from '../../lib/clock.ts';
import type { Role } from '../../model/protocol.ts';
import type { GroupKeeper } from '../group-keeper.ts';
import { NodeFacts } from '../node-facts.ts';
import { Troubles } from '../troubles.ts';
import { Claims } from './claims.ts';

const PEER = '192.0.2.2';
const VIP = '203.0.113.1';
const TEXT = `
node: { name: lb-a, role: primary }
network: { frontend: { interface: eth0 } }
vips: [{ name: www, address: ${VIP}, group: pair }]
listeners: [{ name: web, vip: www, port: 80, members: [{ address: 192.0.2.21 }] }]
ha:
  provider: frr
  groups: [{ name: pair, choose: bfd }]
  bfd: [{ name: peer, peer: ${PEER} }]
`;

function scene() {
  const { intent, diagnostics } = loadTexts([{ file: 'ha.yaml', text: TEXT, role: 'main' }]);
  assert.ok(intent !== undefined, JSON.stringify(diagnostics));
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
    route.claimed.push(VIP);
    await clock.advance(50);
    return claims;
  };
  return { clock, route, facts, listen, claim, alive };
}

test('Claims: a peer that claims what we carry and does not answer is deaf, though its session is up still', async () => {
  const { clock, route, facts, listen, claim, alive } = scene();
  listen('active');
  assert.deepEqual([...route.heard], [`${VIP} on eth0`]);
  assert.equal(await claim(), 1);
  assert.deepEqual(route.probed, [`${PEER} on eth0`]);
  assert.equal(alive(), 'deaf');

  facts.setBfd('peer', false);
  assert.equal(alive(), 'deaf');
  await clock.advance(5000);
  assert.equal(alive(), 'no', 'by then its session tells what it hears');
});

test('Claims: one that answers hears us, and one whose session comes up anew does again', async () => {
  const { route, facts, listen, claim, alive } = scene();
  listen('active');
  route.owners.set(PEER, '02:00:00:00:00:09');
  assert.equal(await claim(), 0);
  assert.equal(alive(), 'some');

  route.owners.delete(PEER);
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
