// Addresses of a group that no VRRP program carries, through its roles.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bfdPair } from '../../../test/fixtures/bfd-pair.ts';
import { FakeRoute } from '../../kernel/fake/fake-route.ts';
import { FakeClock } from '../../lib/clock.ts';
import type { Role } from '../../model/protocol.ts';
import type { GroupKeeper } from '../group-keeper.ts';
import { Troubles } from '../troubles.ts';
import { GroupAddresses } from './group-addresses.ts';

function scene() {
  const intent = bfdPair();
  const [group] = intent.ha!.groups;
  const [clock, route] = [new FakeClock(0), new FakeRoute()];
  route.addLink('eth0');
  const troubles = new Troubles(() => {});
  const facts = { claimed: false };
  const addresses = new GroupAddresses({ clock, route, neighbours: route, troubles, facts });
  const carry = (role: Role, reason = role === 'active' ? 'Active' : 'Standby'): void => {
    const fact = { role, epoch: 1, reason };
    addresses.carry({ name: 'pair', group, fact } as unknown as GroupKeeper, intent);
  };
  return { clock, route, carry, facts };
}

test('GroupAddresses: what is carried is announced at once and three times more', () => {
  const { clock, route, carry } = scene();

  carry('active');
  assert.equal(route.announced.length, 1);
  for (const ms of [100, 1000, 5000, 10_000]) clock.advance(ms);

  assert.equal(route.announced.length, 4);
});

test('GroupAddresses: an address that stays for a moment while the peer takes it over is announced no more', () => {
  const { clock, route, carry } = scene();
  carry('active');
  clock.advance(900);
  const before = route.announced.length;

  carry('standby');
  clock.advance(200);
  assert.equal(route.addresses().length, 1, 'it still answers those who have not heard of the other');
  for (const ms of [1000, 5000]) clock.advance(ms);

  assert.equal(route.addresses().length, 0);
  assert.equal(route.announced.length, before);
});

test('GroupAddresses: an address stays for a moment too where the peer was believed deaf: it may hear again and not have announced yet', () => {
  const { clock, route, carry } = scene();
  carry('active');

  carry('standby', 'SplitBrain');
  clock.advance(250);
  assert.equal(route.addresses().length, 1);
  clock.advance(100);

  assert.equal(route.addresses().length, 0);
});

test('GroupAddresses: an address that a peer was heard to claim goes at once', () => {
  const { route, carry, facts } = scene();
  carry('active');

  facts.claimed = true;
  carry('standby', 'SplitBrain');

  assert.equal(route.addresses().length, 0);
});
