// Clients and members behind VLAN tags, through the XDP program on the links under them. This kernel has VLANs; that of the
// machine need not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildMember } from '../../fixtures/build-intent.ts';
import { ADDRESS, type Agent, Site, siteWorld } from '../../xdp/site.ts';

const PORT = 8080;
const COUNT = 12;
let site: Site;
let agent: Agent;

before(async () => {
  site = new Site('xdpv', { tag: 7 });
  site.carryVips();
  await site.serve(PORT);
  await site.meetNeighbours();
  agent = await site.agent();
});
after(async () => {
  await agent?.ask('remove');
  await site?.close();
});

test('the program is on the links under the VLANs, and nobody calls it deaf', async () => {
  const { interfaces, notes } = (await agent.ask('state')) as {
    interfaces: { name: string; mode: string }[];
    notes: readonly string[];
  };

  assert.deepEqual(
    interfaces.map(({ name, mode }) => `${name} ${mode}`),
    ['front native', 'back1 native', 'back2 native'],
  );
  assert.deepEqual(notes, []);
});

for (const family of [4, 6] as const)
  for (const mode of ['dr', 'nat', 'onearm'] as const)
    test(`${mode} IPv${family}: clients and members behind tags reach each other`, async () => {
      const port = mode === 'dr' ? 0 : PORT;
      const members = [ADDRESS.m1, ADDRESS.m2].map((one) => buildMember(one[family], { port }));
      const { failures, left } = (await agent.ask('apply', {
        world: siteWorld(family, PORT, members, { mode, scheduler: 'rr' }),
      })) as { failures: unknown[]; left: unknown[] };
      assert.deepEqual({ failures, left }, { failures: [], left: [] });

      const answer = await site.ask('http', ADDRESS.vip[family], PORT, COUNT);

      assert.deepEqual(answer.failures, {}, JSON.stringify(await agent.ask('reasons')));
      assert.deepEqual(answer.names, { m1: COUNT / 2, m2: COUNT / 2 });
    });
