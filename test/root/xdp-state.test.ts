// What the driver tells of itself on real interfaces: how it is attached, how full it is, what became of packets; and that
// an interface made anew is served again.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../lab/until.ts';
import { LAYOUT_VERSION } from '../../src/drivers/xdp/layout.ts';
import type { DataPlaneState } from '../../src/model/data-plane.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import { ADDRESS, type Agent, Site, siteWorld } from '../xdp/site.ts';

const PORT = 8080;
let site: Site;
let agent: Agent;
let removed = false;

function isOn(device: string): boolean {
  return /prog\/xdp/.test(site.balancer.ip('link', 'show', device));
}

before(async () => {
  site = new Site('xdps');
  await site.serve(PORT);
  await site.meetNeighbours();
  agent = await site.agent();
});
after(async () => {
  if (!removed) await agent?.ask('remove');
  await site?.close();
});

function state(): Promise<DataPlaneState> {
  return agent.ask<DataPlaneState>('state');
}

function countOf({ reasons }: DataPlaneState, name: string): number {
  return Number(reasons.find(({ reason }) => reason === name)?.packets ?? -1);
}

test('state() tells interfaces, fill of every limit, and reasons with their meaning', async () => {
  const world = siteWorld(4, PORT, [buildMember(ADDRESS.m1[4], { port: PORT })], {
    mode: 'nat',
    scheduler: 'rr',
  });
  await agent.ask('apply', { world });
  const answer = await site.ask('http', ADDRESS.vip[4], PORT, 10);
  await agent.ask('sweep');

  const told = await state();

  assert.deepEqual(answer.failures, {});
  assert.deepEqual(
    told.interfaces,
    ['front', 'back1', 'back2'].map((name) => ({ name, mode: 'native' })),
  );
  const fill = Object.fromEntries(told.tables.map(({ name, used, capacity }) => [name, [used, capacity]]));
  assert.deepEqual(fill.listeners, [1, 1000]);
  assert.deepEqual(fill.members, [1, 4000]);
  assert.ok(fill.flows4![0]! >= 1 && fill.flows4![1] === 65_536, JSON.stringify(fill));
  assert.ok(countOf(told, 'forwarded') >= 40 && countOf(told, 'replied') >= 40);
  assert.equal(countOf(told, 'drop_internal'), 0);
  assert.ok(told.reasons.every(({ meaning }) => meaning.length > 5));
});

test('a node that gets another address sends from it, where its own address was the source', async () => {
  const members = [buildMember(ADDRESS.m1[4], { port: PORT })];
  await agent.ask('apply', { world: siteWorld(4, PORT, members, { mode: 'onearm', scheduler: 'rr' }) });
  const before = await site.ask('http', ADDRESS.vip[4], PORT, 10);

  site.balancer.ip('address', 'add', '10.0.1.3/24', 'dev', 'back1');
  site.balancer.ip('address', 'del', '10.0.1.1/24', 'dev', 'back1');
  site.balancer.ip('address', 'replace', '10.0.1.3/24', 'dev', 'back1');
  site.members[0]!.ip('neighbour', 'flush', 'all');
  await sleep(2100);
  await agent.ask('resolve');
  const after = await site.ask('http', ADDRESS.vip[4], PORT, 10);
  site.balancer.ip('address', 'add', '10.0.1.1/24', 'dev', 'back1');

  assert.deepEqual([before.failures, after.failures], [{}, {}]);
});

test('a program that was taken off with its pins is attached again, and its tables are pinned again', async () => {
  const pins = () => readdirSync(`${site.folder}/v${LAYOUT_VERSION}/maps`).length;
  const count = pins();

  rmSync(site.folder, { recursive: true });
  await until('front without the program', () => !isOn('front'));
  await sleep(2100);
  await agent.ask('resolve');
  const answer = await site.ask('http', ADDRESS.vip[4], PORT, 10);

  assert.deepEqual([answer.failures, pins()], [{}, count]);
});

test('an interface that goes is told as missing, and served again when it comes back', async () => {
  site.balancer.ip('link', 'del', 'back2');
  await sleep(2100);
  assert.equal(await agent.ask('resolve'), true);
  const without = await state();

  site.lab.link({ host: site.balancer, device: 'back2' }, { host: site.members[1]!, device: 'eth1' });
  await sleep(2100);
  assert.equal(await agent.ask('resolve'), true);
  const again = await state();

  assert.match(without.interfaces[2]!.error ?? '', /no such interface/);
  assert.equal(without.interfaces[2]!.mode, undefined);
  assert.deepEqual(again.interfaces[2], { name: 'back2', mode: 'native' });
});

test('a configuration read later attaches and detaches, and names limits that must wait with their cure', async () => {
  const wishes = (interfaces: readonly string[], maxFlows: number) => ({
    interfaces,
    attach: 'auto',
    limits: { maxListeners: 1000, maxMembers: 4000, maxFlows },
  });

  const fewer = await agent.ask<DataPlaneState>('adjust', { wishes: wishes(['front', 'back1'], 131_072) });
  await until('back2 without the program', () => !isOn('back2'));
  const held = await site.ask('http', ADDRESS.vip[4], PORT, 10);
  const all = ['front', 'back1', 'back2'];
  const again = await agent.ask<DataPlaneState>('adjust', { wishes: wishes(all, 65_536) });

  assert.deepEqual(
    fewer.interfaces.map(({ name }) => name),
    ['front', 'back1'],
  );
  assert.match(fewer.notes.join(), /"flows4" keeps 65536 rows; 131072 are configured: "lbctl disable"/);
  // The member behind back1 serves on through interfaces that stayed.
  assert.deepEqual(held.failures, {});
  assert.deepEqual(
    again.interfaces,
    all.map((name) => ({ name, mode: 'native' })),
  );
  assert.deepEqual(again.notes, []);
  assert.ok(isOn('back2'));
});

test('an interface that answers come in by, and that the program is not on, is named in the notes', async () => {
  const limits = { maxListeners: 1000, maxMembers: 4000, maxFlows: 65_536 };
  await agent.ask('adjust', { wishes: { interfaces: ['front', 'back2'], attach: 'auto', limits } });
  const without = await state();
  const all = { interfaces: ['front', 'back1', 'back2'], attach: 'auto', limits };

  assert.match(without.notes.join(), /^"back1" leads to members, and the program is not on it: /);
  assert.deepEqual((await agent.ask<DataPlaneState>('adjust', { wishes: all })).notes, []);
});

test('a bridge that members are behind takes no frames from native XDP, which the notes say', async () => {
  const { balancer } = site;
  const limits = { maxListeners: 1000, maxMembers: 4000, maxFlows: 65_536 };
  const look = (attach: 'auto' | 'generic') =>
    agent.ask<DataPlaneState>('adjust', {
      wishes: { interfaces: ['front', 'back1', 'back2'], attach, limits },
    });
  const lines = ({ interfaces, notes }: DataPlaneState) => [
    ...new Set(interfaces.map((one) => ('mode' in one ? one.mode : one.error))),
    ...notes.flatMap((note) => /takes no frames from native XDP/.exec(note) ?? []),
  ];
  balancer.ip('link', 'add', 'br9', 'type', 'bridge');
  balancer.ip('link', 'set', 'br9', 'up');
  balancer.ip('route', 'add', `${ADDRESS.m1[4]}/32`, 'dev', 'br9');
  const [native, generic, again] = [await look('auto'), await look('generic'), await look('auto')];
  balancer.ip('link', 'del', 'br9');

  assert.match(native.notes.at(-1)!, /^"br9" leads to members, and takes no frames from native XDP: /);
  assert.deepEqual(lines(generic), ['generic']);
  assert.deepEqual(lines(again), lines(native));
  assert.deepEqual((await look('auto')).notes, []);
});

test('a table whose size changes with the limits is named in the notes until it is made anew', async () => {
  await agent.kill();
  agent = await site.agent('auto', { maxFlows: 131_072 });

  const { notes, tables } = await state();

  assert.ok(
    notes.some((note) =>
      /table "flows4" keeps 65536 rows; 131072 are configured: "lbctl disable"/.test(note),
    ),
    JSON.stringify(notes),
  );
  assert.equal(tables.find(({ name }) => name === 'flows4')?.capacity, 65_536);
});

test('uninstall() leaves no program on an interface and no pin', async () => {
  removed = true;
  await agent.ask('remove');

  await until('front without the program', () => !isOn('front'));
  assert.ok(!existsSync(`${site.folder}/v${LAYOUT_VERSION}`));
});

/** The kernel lets go of an unpinned link in its own time, some milliseconds later. */
