// What crosses a balancer seldom and must cross it whole: SCTP, and UDP in fragments, with real senders on real links.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { stop } from '../../lab/process.ts';
import type { Listener } from '../../src/model/listener.ts';
import type { Mode } from '../../src/model/protocol.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import { ADDRESS, type Agent, Site, siteWorld } from '../xdp/site.ts';

const PORT = 8080;
/** More than two frames of 1500 bytes. */
const PADDING = 4000;
let site: Site;
let agent: Agent;

before(async () => {
  site = new Site('xdpf');
  site.carryVips();
  await site.serve(PORT);
  await site.meetNeighbours();
  agent = await site.agent();
});
after(async () => {
  await agent?.ask('remove');
  await site?.close();
});

async function applied(family: 4 | 6, listener: Partial<Listener>, port: number): Promise<void> {
  const members = [buildMember(ADDRESS.m1[family], { port }), buildMember(ADDRESS.m2[family], { port })];
  const world = siteWorld(family, PORT, members, { scheduler: 'rr', ...listener });
  const { failures, left } = (await agent.ask('apply', { world })) as {
    failures: unknown[];
    left: unknown[];
  };
  assert.deepEqual({ failures, left }, { failures: [], left: [] });
}

for (const family of [4, 6] as const)
  for (const mode of ['dr', 'nat', 'onearm'] as const satisfies readonly Mode[]) {
    const direct = mode === 'dr';

    test(`${mode} IPv${family}: SCTP reaches both members and comes back with its CRC32c whole`, async () => {
      await applied(family, { mode, protocol: 'sctp' }, direct ? 0 : PORT);
      const own = direct ? [ADDRESS.vip, ADDRESS.vip] : [ADDRESS.m1, ADDRESS.m2];
      const members = await site.serveSctp(own.map((address) => address[family]));

      const answer = await site.askSctp(ADDRESS.client[family], ADDRESS.vip[family], PORT, 20);

      for (const member of members) await stop(member);
      assert.deepEqual(answer.failures, {}, JSON.stringify(await agent.ask('reasons')));
      assert.deepEqual(answer.names, { m1: 10, m2: 10 });
      if (mode === 'onearm') assert.ok(!answer.seen.includes(ADDRESS.client[family]));
      else assert.deepEqual(answer.seen, [ADDRESS.client[family]]);
    });

    test(`${mode} IPv${family}: UDP in fragments arrives whole, both ways`, async () => {
      await applied(family, { mode, protocol: 'udp' }, direct ? 0 : PORT);

      const answer = await site.ask('udp', ADDRESS.vip[family], PORT, 20, PADDING);

      const reasons = await agent.ask<Record<string, number>>('reasons');
      assert.deepEqual(answer.failures, {}, JSON.stringify(reasons));
      assert.deepEqual(answer.names, { m1: 10, m2: 10 });
      assert.ok(reasons.fragment! >= 40, JSON.stringify(reasons));
    });
  }
