// Sockets that somebody took out of the run directory: the worker is asked through its master, the master makes its own anew.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { pause } from '../../src/drivers/haproxy/process.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import { assertConverged } from '../conformance/converge.ts';
import { withRig } from './haproxy-load.ts';
import { closeMembers, put, startMember, VIP, type Wanted, worldOf } from './haproxy-site.ts';

const ports: number[] = [];

before(async () => {
  for (const name of ['one', 'two']) ports.push(await startMember(name));
});

after(closeMembers);

function web(port = 8080, members = ports): Wanted {
  return { name: `web${port}`, port, members };
}

test('a master whose socket was taken away takes a reload all the same', async () => {
  await withRig(async (rig, driver) => {
    await put(driver, worldOf({ listeners: [web()] }));
    const pid = rig.process.pid();
    rmSync(rig.process.master);

    const both = worldOf({ listeners: [web(), web(8081)] });
    await put(driver, both);

    await assertConverged(driver, both);
    assert.equal(rig.process.pid(), pid);
  });
});

test('a worker whose socket was taken away is looked at, changed and reloaded all the same', async () => {
  await withRig(async (rig, driver) => {
    const one = worldOf({ listeners: [web(8080, ports.slice(0, 1))] });
    await put(driver, one);
    const pid = rig.process.pid();
    const said = ['show version', 'set server nothing/here weight 1', 'show acl'];
    const before = await ask(rig.process.admin, said);
    rmSync(rig.process.admin);

    assert.deepEqual(await ask(rig.process.admin, said), before);
    await assertConverged(driver, one);
    const { steps } = await put(driver, worldOf({ listeners: [web()] }));
    assert.deepEqual(
      steps.map(({ how }) => how),
      ['runtime'],
    );
    const both = worldOf({ listeners: [web(), web(8081)] });
    await put(driver, both);

    await assertConverged(driver, both);
    assert.ok((await driver.counters()).length > 0);
    assert.equal(rig.process.pid(), pid);
  });
});

test('a daemon finds its way back when all sockets were taken away', async () => {
  await withRig(
    async (rig, driver) => {
      const world = worldOf({ listeners: [web()] });
      await put(driver, world);
      const pid = rig.process.pid();
      for (const path of [rig.process.admin, rig.process.master]) rmSync(path);

      for (let tries = 0; tries < 50 && !rig.process.hasMaster(); tries++) await pause(100);

      await assertConverged(driver, world);
      assert.equal(rig.process.pid(), pid);
    },
    { supervise: true },
  );
});

test('a HAProxy whose whole directory was taken away serves on: a daemon does not make it read what is not there', async () => {
  await withRig(
    async (rig, driver) => {
      await put(driver, worldOf({ listeners: [web()] }));
      const pid = rig.process.pid();
      for (const name of readdirSync(rig.runDir)) rmSync(`${rig.runDir}/${name}`, { recursive: true });

      await pause(1500);

      assert.equal((await fetch(`http://${VIP}:8080/`)).status, 200);
      assert.equal(rig.process.pid(), pid);
      await assert.rejects(driver.observe(), { code: 'UNREACHABLE' });
    },
    { supervise: true },
  );
});
