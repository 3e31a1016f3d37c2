// What a daemon trusts of its last whole look at the worker, and what it looks at again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { backendName } from '../../src/drivers/haproxy/names.ts';
import { pause } from '../../src/drivers/haproxy/process.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import { planOf } from '../conformance/converge.ts';
import { buildMember } from '../fixtures/build-intent.ts';
import { withRig } from './haproxy-load.ts';
import { closeMembers, put, startMember, VIP, worldOf } from './haproxy-site.ts';

const ports: number[] = [];

before(async () => {
  for (const name of ['one', 'two']) ports.push(await startMember(name));
});

after(closeMembers);

function site(count: number, weights: readonly [number, number] = [1, 1]) {
  return worldOf({
    listeners: [8080, 8081].map((port, index) => ({
      name: `web${port}`,
      port,
      members: ports.slice(0, count),
      pool: {
        members: ports
          .slice(0, count)
          .map((member) => buildMember('127.0.0.1', { port: member, weight: weights[index as 0 | 1] })),
      },
    })),
  });
}

function server(port: number): string {
  return `${backendName(`tcp/${VIP}:${port}`)}/127.0.0.1:${ports[0]}`;
}

test('between two whole looks only what is about to change is read, and the rest is found at the next', async () => {
  let nowMs = Date.now();
  await withRig(
    async (rig, driver) => {
      await put(driver, site(2));
      nowMs += 900;
      await driver.observe();
      await ask(rig.process.admin, [
        `set server ${server(8080)} weight 9`,
        `set server ${server(8081)} weight 9`,
      ]);

      // A change in the one backend finds what was done there by hand, before it is made.
      const { steps } = await planOf(driver, site(2, [5, 1]));
      assert.deepEqual(steps.map(({ item, before: was }) => `${item.parent} ${was!.weight}`).sort(), [
        `tcp/${VIP}:8080 1`,
        `tcp/${VIP}:8080 9`,
      ]);
      await put(driver, site(2, [5, 1]));
      nowMs += 900;
      const later = await planOf(driver, site(2, [5, 1]));

      assert.deepEqual(
        later.steps.map(({ item, before: was }) => `${item.parent} ${was!.weight}`),
        [`tcp/${VIP}:8081 9`],
      );
    },
    { trustMs: 900, nowMs: () => nowMs },
  );
});

test('members that come, go and change show at once in what the worker is said to have', async () => {
  await withRig(
    async (rig, driver) => {
      for (const [count, weight] of [
        [1, 1],
        [2, 1],
        [2, 7],
        [1, 7],
        [2, 3],
        [0, 1],
        [2, 2],
      ] as const) {
        const world = site(count, [weight, 1]);
        await put(driver, world);
        const { steps } = await planOf(driver, world);
        assert.deepEqual(steps, [], `${count} members of weight ${weight}`);
      }
      const [said = ''] = await ask(rig.process.admin, [`get weight ${server(8080)}`]);
      assert.match(said, /^2 /);
    },
    { trustMs: 60_000 },
  );
});

test('another worker is never taken for the one that was looked at', async () => {
  await withRig(
    async (rig, driver) => {
      await put(driver, site(2));
      await driver.observe();
      await ask(rig.process.admin, [`set server ${server(8080)} weight 9`]);

      await rig.process.reload((await rig.process.generation())!);
      // The reload took the change by hand back, and the driver says so only because it looked.
      assert.deepEqual((await planOf(driver, site(2))).steps, []);
      process.kill(rig.process.pid()!, 'SIGKILL');
      // Its worker ends a moment after it, and holds the port until then.
      for (let i = 0; i < 500 && (rig.process.pid() !== undefined || (await answers())); i++) await pause(20);

      assert.equal((await driver.observe()).items.size, 0);
      await put(driver, site(2));
      assert.deepEqual((await planOf(driver, site(2))).steps, []);
    },
    { trustMs: 60_000 },
  );
});

function answers(): Promise<boolean> {
  return fetch(`http://${VIP}:8080/`, { headers: { connection: 'close' } }).then(
    () => true,
    () => false,
  );
}
