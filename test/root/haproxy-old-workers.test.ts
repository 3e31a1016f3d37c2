// What workers that a reload left behind still serve: it goes on for others, and ends with the member that is removed or reset.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World, WorldMember } from '../../src/model/world.ts';
import { withRig } from './haproxy-load.ts';
import { closeMembers, listen, put, startMember, type Told, VIP, worldOf } from './haproxy-site.ts';

after(closeMembers);

/** Begins an answer that has no end. */
function startEndless(): Promise<number> {
  return listen(createServer((_, response) => void response.write('a')));
}

/** Of a listener with each member for itself, and a second listener with `more`. */
function site(members: readonly number[], more: boolean): World {
  const listener = (name: string, port: number) => ({ name, port, members });
  return worldOf({ listeners: [listener('web', 8080), ...(more ? [listener('more', 8081)] : [])] });
}

/** An answer under way from each member, by its number; all of them in a worker that a reload left behind. */
async function beginEach(ports: readonly number[]): Promise<readonly Promise<string>[]> {
  const answers = await Promise.all(ports.map(() => fetch(`http://${VIP}:8080/`)));
  return answers.map((answer) =>
    answer.text().then(
      () => 'ended',
      () => 'cut',
    ),
  );
}

/** The first member out, as by its check, and its flows left alone. */
function failed(world: World, more: Partial<WorldMember> = {}): World {
  const out = { effectiveWeight: 0, reason: 'CheckFailed', ...more } as const;
  const listeners = world.listeners.map((one) => ({
    ...one,
    members: one.members.map((member, index) => (index === 0 ? { ...member, ...out } : member)),
  }));
  return { ...world, listeners };
}

const withinMs = (ms: number, texts: readonly Promise<string>[]): Promise<readonly string[]> =>
  Promise.all(texts.map((text) => Promise.race([text, sleep(ms, 'goes on', { ref: false })])));

test('a member that is removed is cut after the grace in an old worker too, and nobody else', async () => {
  await withRig(async (_, driver) => {
    const ports = [await startEndless(), await startEndless()];
    await put(driver, site(ports, false));
    const texts = await beginEach(ports);
    await put(driver, site(ports, true));

    await put(driver, site(ports.slice(0, 1), true));

    assert.deepEqual(await withinMs(1000, texts), ['goes on', 'goes on']);
    assert.equal(await Promise.race([...texts, sleep(3000, 'none', { ref: false })]), 'cut');
    // Not much later, when the old worker ends with all that it serves.
    assert.deepEqual([...(await withinMs(200, texts))].sort(), ['cut', 'goes on']);
  });
});

test('a member whose flows are reset loses those in an old worker at once', async () => {
  await withRig(async (_, driver) => {
    const ports = [await startEndless(), await startEndless()];
    await put(driver, site(ports, false));
    const texts = await beginEach(ports);
    const world = site(ports, true);
    await put(driver, world);

    await put(driver, failed(world, { resetFlows: true }));

    assert.deepEqual([...(await withinMs(1000, texts))].sort(), ['cut', 'goes on']);
  });
});

/** Who answers on this connection, which is kept. */
async function ask(agent: Agent, cookie = ''): Promise<{ readonly member: string; readonly cookie: string }> {
  const asked = request({ host: VIP, port: 8080, agent, headers: cookie === '' ? {} : { cookie } });
  asked.end();
  const [response] = await once(asked, 'response');
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(response, 'end');
  const set = response.headers['set-cookie']?.[0] ?? cookie;
  return { member: (JSON.parse(Buffer.concat(chunks).toString()) as Told).member, cookie: set.split(';')[0] };
}

for (const [kind, persistence] of [
  ['none', {}],
  ['a cookie', { persistence: { kind: 'insert-cookie', cookie: 'SRV', timeoutMs: 60_000 } }],
  ['a table', { persistence: { kind: 'source', timeoutMs: 60_000, granularityV4: 32, granularityV6: 128 } }],
] as const)
  test(`kept connections of an old worker pass a member that failed or left since, with persistence by ${kind}`, async () => {
    await withRig(async (_, driver) => {
      const ports = [await startMember('one'), await startMember('two')];
      const site = (members: readonly number[], more: boolean) =>
        worldOf({
          listeners: [
            { name: 'web', port: 8080, members, listener: persistence },
            ...(more ? [{ name: 'more', port: 8081, members }] : []),
          ],
        });
      await put(driver, site(ports, false));
      const agents = Array.from({ length: 6 }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
      const first = await Promise.all(agents.map((agent) => ask(agent)));
      await put(driver, site(ports, true));

      await put(driver, failed(site(ports, true)));
      const ask3 = (from: number) =>
        Promise.all(
          agents.slice(from, from + 3).map((agent, index) => ask(agent, first[from + index]?.cookie)),
        );
      const after = await ask3(0);
      await put(driver, site(ports, true));
      await put(driver, site(ports.slice(0, 1), true));
      const last = await ask3(3);

      for (const agent of agents) agent.destroy();
      assert.deepEqual(new Set(after.map(({ member }) => member)), new Set(['two']));
      assert.deepEqual(new Set(last.map(({ member }) => member)), new Set(['one']));
    });
  });
