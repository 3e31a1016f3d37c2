import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeRoute } from '../../kernel/fake/fake-route.ts';
import { MemoryJournal } from '../../kernel/journal.ts';
import { Registry } from '../../kernel/registry.ts';
import { FakeClock } from '../../lib/clock.ts';
import { addressKey } from '../../model/keys.ts';
import type { World } from '../../model/world.ts';
import { ADDRESS_FLAG, LINK_FLAG } from '../../wire/netlink/route-numbers.ts';
import { AddressDriver } from './address-driver.ts';

function machine() {
  const route = new FakeRoute();
  route.addLink('lo', LINK_FLAG.up | LINK_FLAG.loopback);
  route.addLink('eth0');
  const clock = new FakeClock();
  const journal = new MemoryJournal();
  const open = () =>
    new AddressDriver({ route, neighbours: route, registry: new Registry(journal, 'boot'), clock });
  return { route, clock, open, driver: open() };
}

function worldOf(...wanted: readonly string[]): World {
  const addresses = wanted.map((text) => {
    const [address = '', length = '', device = ''] = text.split(/[ /]/);
    return {
      key: addressKey(address, Number(length), device),
      vip: address,
      address,
      prefixLength: Number(length),
      interface: device,
    };
  });
  return { addresses, listeners: [], certificates: [], unplaced: [] };
}

async function converge(driver: AddressDriver, world: World) {
  const plan = driver.plan(driver.desired(world), await driver.observe());
  return { plan, results: await driver.apply(plan.steps) };
}

const left = async (driver: AddressDriver, world: World) =>
  driver.plan(driver.desired(world), await driver.observe()).steps.map((step) => step.id);

test('AddressDriver asks the wire, takes the address with our mark, and announces it twice', async () => {
  const { route, clock, driver } = machine();
  const world = worldOf('192.0.2.10/32 eth0');

  const { results } = await converge(driver, world);

  assert.ok(results.every((result) => result.ok));
  assert.equal(route.print(), '192.0.2.10/32 dev eth0 proto 76');
  assert.deepEqual(route.probed, ['192.0.2.10 on eth0']);
  assert.deepEqual(await left(driver, world), []);
  await clock.advance(5000);
  assert.equal(route.announced.length, 6);
  assert.equal(clock.pending(), 0);
});

test('AddressDriver does not announce again what has moved away meanwhile', async () => {
  const { route, clock, driver } = machine();
  await converge(driver, worldOf('192.0.2.10/32 eth0'));
  await converge(driver, worldOf());

  await clock.advance(5000);

  assert.equal(route.announced.length, 3);
  assert.equal(route.print(), '');
});

test('AddressDriver names the hardware address of who holds it already', async () => {
  const { route, driver } = machine();
  route.owners.set('192.0.2.10', '02:00:00:00:00:99');

  const { results } = await converge(driver, worldOf('192.0.2.10/32 eth0', '192.0.2.11/32 eth0'));

  const [failed, other] = results;
  assert.ok(failed && !failed.ok && other?.ok);
  assert.equal(failed.error.code, 'ADDRESS_DUPLICATE');
  assert.match(failed.error.message, /02:00:00:00:00:99/);
  assert.equal(route.print(), '192.0.2.11/32 dev eth0 proto 76');
});

test('AddressDriver takes an IPv6 address that the kernel found to be a duplicate off again', async () => {
  const { route, driver } = machine();
  route.owners.set('2001:db8::10', '02:00:00:00:00:99');

  const { results } = await converge(driver, worldOf('2001:db8::10/128 eth0'));

  assert.ok(results[0] && !results[0].ok);
  assert.equal(results[0].error.code, 'ADDRESS_DUPLICATE');
  assert.equal(route.print(), '');
});

test('AddressDriver makes an IPv6 VIP no source of connections, and repairs one that is', async () => {
  const { route, driver } = machine();
  const world = worldOf('2001:db8::10/128 eth0');
  await converge(driver, world);
  const wanted = route.print();
  const left1 = await left(driver, world);
  const [row] = route.addresses();
  const { preferredSeconds: _, ...preferred } = row!;
  route.addAddress(preferred, 'replace');

  const { plan } = await converge(driver, world);

  assert.equal(wanted, '2001:db8::10/128 dev eth0 proto 76 deprecated');
  assert.deepEqual(left1, []);
  assert.deepEqual(
    plan.steps.map((step) => [step.verb, step.changes]),
    [['change', ['source']]],
  );
  assert.equal(route.print(), wanted);
  assert.deepEqual(await left(driver, world), []);
});

test('AddressDriver neither asks nor announces on the loopback', async () => {
  const { route, driver } = machine();

  await converge(driver, worldOf('203.0.113.1/32 lo'));

  assert.deepEqual([route.probed, route.announced], [[], []]);
  assert.equal(route.print(), '203.0.113.1/32 dev lo proto 76');
});

test('AddressDriver leaves addresses of others alone and calls one on its key a conflict', async () => {
  const { route, driver } = machine();
  const theirs = { prefixLength: 32, linkIndex: 2, flags: 0, protocol: 0, label: '' };
  route.addAddress({ ...theirs, address: '192.0.2.10' }, 'create');
  route.addAddress({ ...theirs, address: '192.0.2.99' }, 'create');

  const { plan } = await converge(driver, worldOf('192.0.2.10/32 eth0'));
  await converge(driver, worldOf());

  assert.equal(plan.conflicts.length, 1);
  assert.deepEqual(plan.steps, []);
  assert.equal(route.addresses().length, 2);
});

test('AddressDriver knows its own by the record where the kernel keeps no mark', async () => {
  const { route, driver, open } = machine();
  route.keepsProtocol = false;
  const world = worldOf('192.0.2.10/32 eth0');

  await converge(driver, world);
  const second = open();

  assert.deepEqual(await left(second, world), []);
  await converge(second, worldOf());
  assert.equal(route.print(), '');
});

test('AddressDriver waits for an interface that is not there', async () => {
  const { driver } = machine();

  const { results } = await converge(driver, worldOf('192.0.2.10/32 eth9'));

  assert.ok(results[0] && !results[0].ok);
  assert.equal(results[0].error.code, 'INTERFACE_MISSING');
  assert.equal(results[0].error.retry, 'on-change');
});

test('AddressDriver succeeds at removing what is gone and adding what is there', async () => {
  const { driver } = machine();
  const world = worldOf('192.0.2.10/32 eth0');
  const { plan: added } = await converge(driver, world);
  const { plan: removed } = await converge(driver, worldOf());

  assert.ok((await driver.apply(removed.steps)).every((result) => result.ok));
  assert.ok((await driver.apply(added.steps)).every((result) => result.ok));
  assert.ok((await driver.apply(added.steps)).every((result) => result.ok));
});

test('AddressDriver announces its addresses on a link that comes back, and only there', async () => {
  const { route, clock, driver } = machine();
  route.addLink('eth1');
  await converge(driver, worldOf('192.0.2.10/32 eth0', '192.0.2.20/32 eth1'));
  await clock.advance(5000);
  driver.announceReturned();
  route.announced.length = 0;

  route.setCarrier('eth1', false);
  driver.announceReturned();
  assert.deepEqual(route.announced, []);
  route.setCarrier('eth1', true);
  driver.announceReturned();
  assert.deepEqual(
    route.announced,
    Array.from({ length: 3 }, () => '192.0.2.20 on eth1'),
  );
  driver.announceReturned();
  assert.equal(route.announced.length, 3);
});

test('AddressDriver stands behind the own address of the node again when that comes back, all of ours in one go', async () => {
  const { route, driver } = machine();
  const own = { address: '192.0.2.1', prefixLength: 24, linkIndex: 2, flags: 0, protocol: 0, label: '' };
  const world = worldOf('192.0.2.10/24 eth0', '192.0.2.11/24 eth0', '192.0.2.12/32 eth0');
  const leaders = () =>
    route
      .addresses()
      .flatMap(({ address, flags }) => ((flags & ADDRESS_FLAG.secondary) === 0 ? [address] : []));
  const routes = () =>
    route
      .addresses()
      .flatMap(({ address, flags }) => ((flags & ADDRESS_FLAG.noPrefixRoute) === 0 ? [address] : []));
  route.addAddress(own, 'create');
  await converge(driver, world);
  assert.deepEqual(leaders(), ['192.0.2.1', '192.0.2.12']);
  assert.deepEqual(await left(driver, world), []);

  route.removeAddress(own);
  await converge(driver, world);
  assert.ok(routes().includes('192.0.2.10'), 'alone, they carry the route of the subnet');
  assert.deepEqual(await left(driver, world), []);

  route.addAddress(own, 'create');
  const probed = route.probed.length;
  const { plan } = await converge(driver, world);
  assert.equal(plan.steps.length, 2);
  assert.deepEqual(leaders().sort(), ['192.0.2.1', '192.0.2.12']);
  assert.deepEqual(routes().sort(), ['192.0.2.1', '192.0.2.12']);
  assert.equal(route.probed.length, probed, 'what is ours is not asked for');
  assert.deepEqual(await left(driver, world), []);
});
