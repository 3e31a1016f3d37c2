import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../../../test/fixtures/build-intent.ts';
import { FakeIpvs } from '../../kernel/fake/fake-ipvs.ts';
import { FakeNft } from '../../kernel/fake/fake-nft.ts';
import { FakeSysctl } from '../../kernel/fake/fake-sysctl.ts';
import { MemoryJournal } from '../../kernel/journal.ts';
import { Registry } from '../../kernel/registry.ts';
import type { Listener } from '../../model/listener.ts';
import type { Step } from '../../model/plan.ts';
import type { Member } from '../../model/pool.ts';
import type { World } from '../../model/world.ts';
import { assumedFacts } from '../../plan/assumed-facts.ts';
import { orderSteps } from '../../plan/order.ts';
import { resolve } from '../../plan/resolve.ts';
import type { IpvsServiceKey } from '../../wire/netlink/ipvs-service.ts';
import { IpvsDriver } from './ipvs-driver.ts';

const WEB: IpvsServiceKey = { kind: 'address', family: 4, protocol: 'tcp', address: '192.0.2.10', port: 80 };

function machine(journal = new MemoryJournal()) {
  const ipvs = new FakeIpvs();
  const nft = new FakeNft();
  const sysctl = new FakeSysctl({
    'net.ipv4.vs.conntrack': '0',
    'net.ipv4.vs.expire_quiescent_template': '0',
    'net.ipv4.vs.expire_nodest_conn': '0',
  });
  const registry = new Registry(journal, 'boot');
  return { ipvs, nft, sysctl, registry, journal, driver: new IpvsDriver({ ipvs, nft, sysctl, registry }) };
}

function worldOf(
  listener: Partial<Listener> = {},
  members: readonly Member[] = [buildMember('10.0.0.1'), buildMember('10.0.0.2', { weight: 3 })],
): World {
  const intent = buildIntent({
    vips: [buildVip('front', '192.0.2.10', { manage: false })],
    listeners: [buildListener('web', 'front', 80, { mode: 'nat', scheduler: 'wrr', ...listener })],
    pools: [buildPool('web', members)],
  });
  return resolve(intent, assumedFacts(intent, 0), { engine: 'ipvs' });
}

async function planFor(driver: IpvsDriver, world: World) {
  const plan = driver.plan(driver.desired(world), await driver.observe());
  return { ...plan, steps: orderSteps(plan.steps) };
}

async function converge(driver: IpvsDriver, world: World) {
  const { steps } = await planFor(driver, world);
  return driver.apply(steps);
}

const ids = (steps: readonly Step[]) => steps.map((step) => `${step.verb} ${step.item.key}`);

test('IpvsDriver makes the table that ipvsadm would show', async () => {
  const { driver, ipvs } = machine();

  await converge(driver, worldOf({ scheduler: 'mh', schedulerFlags: ['fallback', 'port'] }));

  assert.equal(
    ipvs.print(),
    [
      '-A -t 192.0.2.10:80 -s mh -b fallback,port',
      '-a -t 192.0.2.10:80 -r 10.0.0.1:80 -m -w 1',
      '-a -t 192.0.2.10:80 -r 10.0.0.2:80 -m -w 3',
    ].join('\n'),
  );
  assert.deepEqual(
    (await planFor(driver, worldOf({ scheduler: 'mh', schedulerFlags: ['port', 'fallback'] }))).steps,
    [],
  );
});

test('IpvsDriver edits weights, modes and schedulers in place and keeps counters', async () => {
  const { driver, ipvs } = machine();
  await converge(driver, worldOf());
  ipvs.count(WEB, '10.0.0.1:80', { connections: 5_000_000_000n }, 7);
  ipvs.log.splice(0);

  await converge(driver, worldOf({ mode: 'dr', scheduler: 'lc' }, [buildMember('10.0.0.1', { weight: 9 })]));

  assert.deepEqual(ipvs.log, [
    'set-service tcp/192.0.2.10:80',
    'set-destination tcp/192.0.2.10:80 > 10.0.0.1:80',
    'delete-destination tcp/192.0.2.10:80 > 10.0.0.2:80',
  ]);
  const counters = await driver.counters();
  const member = counters.find((one) => one.key === 'tcp/192.0.2.10:80 > 10.0.0.1:80')!;
  assert.equal(member.connections, 5_000_000_000n);
  assert.equal(member.activeConnections, 7);
  assert.equal(counters.find((one) => one.key === 'tcp/192.0.2.10:80')!.activeConnections, 7);
});

test('IpvsDriver carries a range of ports as one service by mark', async () => {
  const { driver, ipvs, nft } = machine();
  const world = worldOf({ ports: [{ from: 8000, to: 8100 }] });

  const { steps } = await planFor(driver, world);
  await driver.apply(steps);

  assert.match(steps[0]!.how!, /^one service by fwmark 0x4c[0-9a-f]{6}$/);
  assert.match(ipvs.print(), /^-A -f 127\d+ -s wrr\n-a -f 127\d+ -r 10\.0\.0\.1:0 -m -w 1/);
  assert.ok(await nft.listTable('inet', 'lbctl'));
  assert.deepEqual((await planFor(driver, world)).steps, []);

  const empty = await planFor(driver, worldOf({ enabled: false }));
  await driver.apply(empty.steps);
  assert.equal(ipvs.print(), '');
  assert.equal(await nft.listTable('inet', 'lbctl'), undefined);
});

test('IpvsDriver repairs what a strange hand changed, and only that', async () => {
  const { driver, ipvs } = machine();
  await converge(driver, worldOf());
  await ipvs.execute([
    { kind: 'delete-destination', service: WEB, destination: { address: '10.0.0.1', port: 80 } },
    {
      kind: 'set-service',
      service: { key: WEB, scheduler: 'rr', flags: 0, timeoutSeconds: 0, granularity: 32, engine: '' },
    },
  ]);

  const { steps } = await planFor(driver, worldOf());

  assert.deepEqual(ids(steps), ['change tcp/192.0.2.10:80', 'add tcp/192.0.2.10:80 > 10.0.0.1:80']);
  assert.ok((await driver.apply(steps)).every((result) => result.ok));
  assert.deepEqual((await planFor(driver, worldOf())).steps, []);
});

test('IpvsDriver sets what a mode needs from the kernel and puts it back', async () => {
  const { driver, sysctl, nft } = machine();
  const world = worldOf({ mode: 'onearm' });

  const { steps } = await planFor(driver, world);
  await driver.apply(steps);

  assert.equal(steps[0]!.item.key, 'setting net.ipv4.vs.conntrack');
  assert.equal(sysctl.values.get('net.ipv4.vs.conntrack'), '1');
  assert.ok(await nft.listTable('inet', 'lbctl'));
  assert.deepEqual((await planFor(driver, world)).steps, []);

  await converge(driver, worldOf());

  assert.equal(sysctl.values.get('net.ipv4.vs.conntrack'), '0');
  assert.equal(await nft.listTable('inet', 'lbctl'), undefined);
});

test('IpvsDriver goes on past a race: what vanished is made, what appeared is set', async () => {
  const { driver, ipvs } = machine();
  await converge(driver, worldOf());
  const { steps } = await planFor(
    driver,
    worldOf({ scheduler: 'lc' }, [buildMember('10.0.0.1', { weight: 8 })]),
  );

  await ipvs.execute([{ kind: 'delete-service', key: WEB }]);
  const results = await driver.apply(steps);

  assert.ok(
    results.every((result) => result.ok),
    JSON.stringify(results),
  );
  assert.equal(ipvs.print(), '-A -t 192.0.2.10:80 -s lc\n-a -t 192.0.2.10:80 -r 10.0.0.1:80 -m -w 8');
});

test('IpvsDriver does not take a service that somebody made between look and step', async () => {
  const { driver, ipvs, registry } = machine();
  const { steps } = await planFor(driver, worldOf());
  const strange = { key: WEB, scheduler: 'rr', flags: 0, timeoutSeconds: 0, granularity: 32, engine: '' };
  await ipvs.execute([{ kind: 'add-service', service: strange }]);

  const [result] = await driver.apply(steps.filter((step) => step.item.kind === 'listener'));

  assert.ok(result && !result.ok);
  assert.equal(result.error.code, 'CONFLICT');
  assert.equal(ipvs.print(), '-A -t 192.0.2.10:80 -s rr');
  assert.equal(registry.claims.size, 0);
});

test('IpvsDriver names a missing scheduler and its cure, and applies the rest', async () => {
  const { driver, ipvs } = machine();
  await converge(driver, worldOf());
  ipvs.withoutScheduler('mh');

  const results = await converge(
    driver,
    worldOf({ scheduler: 'mh' }, [buildMember('10.0.0.1', { weight: 2 })]),
  );

  const failed = results.filter((result) => !result.ok);
  assert.deepEqual(
    failed.map((result) => !result.ok && [result.step.item.key, result.error.code]),
    [['tcp/192.0.2.10:80', 'IPVS_SCHEDULER_MISSING']],
  );
  assert.match(failed[0]!.ok ? '' : failed[0]!.error.hint, /modprobe ip_vs_mh/);
  assert.equal(ipvs.print(), '-A -t 192.0.2.10:80 -s wrr\n-a -t 192.0.2.10:80 -r 10.0.0.1:80 -m -w 2');
});

test('IpvsDriver says that the kernel has no IPVS', async () => {
  const { driver, ipvs } = machine();
  ipvs.present = false;

  await assert.rejects(driver.observe(), { code: 'IPVS_MISSING', retry: 'on-change' });
});

test('IpvsDriver reports a refused nftables rule on its own listener', async () => {
  const { driver, nft, ipvs } = machine();
  nft.failNext('Could not process rule: Operation not supported');

  const results = await converge(driver, worldOf({ allowedSources: ['198.51.100.0/24'] }));

  assert.deepEqual(
    results.map((result) => [result.step.item.kind, result.ok]),
    [
      ['listener', false],
      ['member', false],
      ['member', false],
    ],
  );
  // Without its rule the listener would admit anybody, so it does not come up at all.
  assert.equal(ipvs.print(), '');
});

test('IpvsDriver takes equal rows as its own when its record is lost, and says so', async () => {
  const { driver, ipvs, nft, sysctl } = machine();
  await converge(driver, worldOf());

  const again = new IpvsDriver({ ipvs, nft, sysctl, registry: new Registry(new MemoryJournal(), 'boot') });
  const { steps, conflicts, notes } = await planFor(again, worldOf());
  ipvs.log.splice(0);
  await again.apply(steps);

  assert.deepEqual(ids(steps), ['adopt tcp/192.0.2.10:80']);
  assert.deepEqual(conflicts, []);
  assert.equal(notes.length, 1);
  assert.deepEqual(ipvs.log, []);
  assert.deepEqual((await planFor(again, worldOf())).steps, []);
});

test('IpvsDriver makes a conflict of a differing row when its record is lost', async () => {
  const { driver, ipvs, nft, sysctl } = machine();
  await converge(driver, worldOf());
  const again = new IpvsDriver({ ipvs, nft, sysctl, registry: new Registry(new MemoryJournal(), 'boot') });

  const { steps, conflicts } = await planFor(again, worldOf({}, [buildMember('10.0.0.1')]));

  assert.deepEqual(steps, []);
  assert.deepEqual(
    conflicts.map((conflict) => conflict.wanted.key),
    ['tcp/192.0.2.10:80'],
  );
});

test('IpvsDriver removes surplus members of a listener it adopts', async () => {
  const { driver, ipvs, nft, sysctl } = machine();
  await converge(driver, worldOf());
  const again = new IpvsDriver({ ipvs, nft, sysctl, registry: new Registry(new MemoryJournal(), 'boot') });

  const { steps } = await planFor(again, worldOf({ adopt: true }, [buildMember('10.0.0.2', { weight: 3 })]));
  const results = await again.apply(steps);

  assert.deepEqual(ids(steps), ['adopt tcp/192.0.2.10:80', 'remove tcp/192.0.2.10:80 > 10.0.0.1:80']);
  assert.ok(results.every((result) => result.ok));
  assert.equal(ipvs.print(), '-A -t 192.0.2.10:80 -s wrr\n-a -t 192.0.2.10:80 -r 10.0.0.2:80 -m -w 3');
});

test('IpvsDriver owns what it made though the process died in the middle of an apply', async () => {
  const { driver, ipvs, nft, sysctl, journal } = machine();
  const { steps } = await planFor(driver, worldOf());
  // Only the listener came to be.
  await driver.apply(steps.slice(0, 1));

  const next = new IpvsDriver({ ipvs, nft, sysctl, registry: new Registry(journal, 'boot') });
  const plan = await planFor(next, worldOf());

  assert.deepEqual(plan.conflicts, []);
  assert.deepEqual(ids(plan.steps), [
    'add tcp/192.0.2.10:80 > 10.0.0.1:80',
    'add tcp/192.0.2.10:80 > 10.0.0.2:80',
  ]);
});
