// What workers that a reload left behind still serve: it goes on for others, and ends with the member that is removed or reset.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from '../../src/model/world.ts';
import { withRig } from './haproxy-load.ts';
import { closeMembers, listen, put, VIP, worldOf } from './haproxy-site.ts';

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
    assert.deepEqual([...(await withinMs(3000, texts))].sort(), ['cut', 'goes on']);
  });
});

test('a member whose flows are reset loses those in an old worker at once', async () => {
  await withRig(async (_, driver) => {
    const ports = [await startEndless(), await startEndless()];
    await put(driver, site(ports, false));
    const texts = await beginEach(ports);
    const world = site(ports, true);
    await put(driver, world);

    const reset = { effectiveWeight: 0, resetFlows: true, reason: 'CheckFailed' } as const;
    const listeners = world.listeners.map((one) => ({
      ...one,
      members: one.members.map((member, index) => (index === 0 ? { ...member, ...reset } : member)),
    }));
    await put(driver, { ...world, listeners });

    assert.deepEqual([...(await withinMs(1000, texts))].sort(), ['cut', 'goes on']);
  });
});
