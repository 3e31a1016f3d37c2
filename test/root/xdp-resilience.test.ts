// What must not break: connections while members come and go, while the daemon is killed, while the program is swapped.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World, WorldMember } from '../../src/model/world.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import { ADDRESS, type Agent, Site, siteWorld } from '../xdp/site.ts';

const PORT = 8080;
/** TCP echo of the servers on PORT, and of a third one beside the first. */
const ECHO = PORT + 1;
const THIRD = PORT + 10;
const CONNECTIONS = 10_000;

let site: Site;
let agent: Agent;

before(async () => {
  site = new Site('xdpr');
  await site.serve(PORT);
  const third = site.members[0]!.spawn(
    [process.execPath, join(import.meta.dirname, '../xdp/server.ts'), 'm3', String(THIRD)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await once(third.stdout!, 'data');
  await site.meetNeighbours();
  agent = await site.agent();
});
after(async () => {
  await agent?.ask('remove');
  await site?.close();
});

interface Applied {
  readonly steps: number;
  readonly failures: unknown[];
  readonly left: unknown[];
}

async function apply(world: World): Promise<Applied> {
  const result = await agent.ask<Applied>('apply', { world });
  assert.deepEqual(result.failures, []);
  assert.deepEqual(result.left, []);
  return result;
}

const MEMBERS = [
  buildMember(ADDRESS.m1[4], { port: ECHO }),
  buildMember(ADDRESS.m2[4], { port: ECHO }),
  buildMember(ADDRESS.m1[4], { port: THIRD + 1 }),
] as const;

function world(
  count: number,
  edit: (member: WorldMember, index: number) => WorldMember = (member) => member,
): World {
  const built = siteWorld(4, ECHO, MEMBERS.slice(0, count), { mode: 'nat', scheduler: 'rr' });
  return {
    ...built,
    listeners: built.listeners.map((listener) => ({ ...listener, members: listener.members.map(edit) })),
  };
}

test('10,000 connections through nat: a member is added, one drained, one killed; only its own break', async () => {
  await apply(world(2));
  const { finish } = await site.hold(ADDRESS.vip[4], ECHO, CONNECTIONS);

  await apply(world(3));
  await sleep(500);
  const drained = (member: WorldMember, index: number) =>
    index === 1 ? { ...member, effectiveWeight: 0 } : member;
  await apply(world(3, drained));
  await sleep(500);
  const counters = await agent.ask<{ key: string; activeConnections: number }[]>('counters');
  await apply(
    world(3, (member, index) =>
      index === 0 ? { ...member, effectiveWeight: 0, resetFlows: true } : drained(member, index),
    ),
  );
  const { names, failures } = await finish();

  const killed = names.m1!;
  assert.equal(killed + names.m2!, CONNECTIONS);
  assert.ok(Math.abs(killed - names.m2!) <= 4, JSON.stringify(names));
  assert.equal(counters[0]!.activeConnections, CONNECTIONS);
  assert.deepEqual(failures, { 'm1: read ECONNRESET': killed }, 'all of the killed one, and none else');
});

test('kill -9 of the daemon and the swap of the program under load lose nothing', async () => {
  await apply(world(3));
  const { finish } = await site.hold(ADDRESS.vip[4], ECHO, 1000);
  const asked = site.ask('http', ADDRESS.m1[4], PORT, 20);

  await agent.kill();
  await sleep(500);
  agent = await site.agent();
  const again = await apply(world(3));
  const { names, failures } = await finish();

  assert.deepEqual(failures, {});
  assert.equal(
    Object.values(names).reduce((sum, count) => sum + count, 0),
    1000,
  );
  assert.equal(again.steps, 0, 'the new daemon finds all as the last one left it');
  assert.deepEqual(
    agent.hello!.interfaces.map(({ swapped }) => swapped),
    [true, true, true],
  );
  assert.deepEqual((await asked).failures, {});
});

test('a foreign XDP program is never replaced, and the other interfaces are served', async () => {
  await agent.ask('remove');
  await agent.kill();
  const decap = join(import.meta.dirname, '../../build/bpf/decap.bpf.o');
  site.balancer.ip('link', 'set', 'dev', 'back2', 'xdp', 'object', decap, 'section', 'xdp');

  agent = await site.agent();

  const [front, back1, back2] = agent.hello!.interfaces as { mode?: string; error?: { code: string } }[];
  assert.deepEqual(
    [front!.mode, back1!.mode, back2!.error?.code],
    ['native', 'native', 'XDP_FOREIGN_PROGRAM'],
  );
  assert.match(site.balancer.ip('link', 'show', 'back2'), /xdp/);
  site.balancer.ip('link', 'set', 'dev', 'back2', 'xdp', 'off');
});

test('generic mode serves too, and says what it is', async () => {
  await agent.ask('remove');
  await agent.kill();
  agent = await site.agent('generic');
  await apply(world(3));

  const { finish } = await site.hold(ADDRESS.vip[4], ECHO, 50);
  const { failures } = await finish();

  assert.deepEqual(
    agent.hello!.interfaces.map(({ mode }) => mode),
    ['generic', 'generic', 'generic'],
  );
  assert.deepEqual(failures, {});
});
