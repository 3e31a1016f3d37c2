// Real clients and servers through the real program on veth links: every mode, both families.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Mode } from '../../src/model/protocol.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import { SLOWER } from '../xdp/pace.ts';
import { ADDRESS, type Agent, Site, siteWorld } from '../xdp/site.ts';

const PORT = 8080;
/** Where members answer TCP by echoing (server.ts). */
const ECHO_PORT = PORT + 1;
let site: Site;
let agent: Agent;

before(async () => {
  site = new Site('xdpt');
  site.carryVips();
  await site.serve(PORT);
  await site.meetNeighbours();
  agent = await site.agent();
});
after(async () => {
  await agent?.ask('remove');
  await site?.close();
});

function members(family: 4 | 6, port: number) {
  return [buildMember(ADDRESS.m1[family], { port }), buildMember(ADDRESS.m2[family], { port })];
}

async function applied(world: object): Promise<void> {
  const { failures, left } = (await agent.ask('apply', { world })) as {
    failures: unknown[];
    left: unknown[];
  };
  assert.deepEqual({ failures, left }, { failures: [], left: [] });
}

test('the program is attached natively to every interface', () => {
  assert.deepEqual(
    agent.hello!.interfaces.map(({ name, mode }) => ({ name, mode })),
    ['front', 'back1', 'back2'].map((name) => ({ name, mode: 'native' })),
  );
});

/** Chance picks the member by the port (direct modes), or they take turns; the emulated guest gets what proves the same. */
const COUNT = SLOWER === 1 ? { chance: 40, turns: 40 } : { chance: 24, turns: 6 };

const PROTOCOLS = { http: 'tcp', tcp: 'tcp', udp: 'udp' } as const;

for (const family of [4, 6] as const)
  for (const [mode, more] of [
    ['dr', {}],
    ['tunnel', {}],
    ['tunnel', { tunnel: { type: 'gue', port: 6080, checksum: 'full' } }],
    ['nat', {}],
    ['onearm', {}],
    ['fullnat', { sourceAddresses: [ADDRESS.nat[family]] }],
  ] as const) {
    const name = 'tunnel' in more ? `${mode} (GUE)` : mode;
    for (const kind of ['http', 'tcp', 'udp'] as const)
      test(`${name} IPv${family}: real ${kind.toUpperCase()} clients reach both members`, async () => {
        const direct = mode === 'dr' || mode === 'tunnel';
        const scheduler = direct
          ? { scheduler: 'mh' as const, schedulerFlags: ['port' as const] }
          : { scheduler: 'rr' as const };
        const count = direct ? COUNT.chance : COUNT.turns;
        const port = kind === 'tcp' ? ECHO_PORT : PORT;
        await applied(
          siteWorld(family, port, members(family, direct ? 0 : port), {
            mode: mode as Mode,
            protocol: PROTOCOLS[kind],
            ...scheduler,
            ...more,
          }),
        );

        const answer = await site.ask(kind, ADDRESS.vip[family], port, count);

        const { m1 = 0, m2 = 0 } = answer.names;
        assert.deepEqual(answer.failures, {}, JSON.stringify(await agent.ask('reasons')));
        assert.equal(m1 + m2, count);
        if (direct) assert.ok(m1 > 0 && m2 > 0, JSON.stringify(answer.names));
        else assert.equal(m1, m2, 'they take turns');
        if (kind !== 'http') return;
        const client = family === 4 ? `::ffff:${ADDRESS.client[4]}` : ADDRESS.client[6];
        if (mode === 'onearm' || mode === 'fullnat') assert.ok(!answer.seen.includes(client));
        else assert.deepEqual(answer.seen, [client], 'the member sees the client');
      });
  }
