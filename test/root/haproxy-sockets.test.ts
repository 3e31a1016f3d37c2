// Sockets that somebody took out of the run directory: the worker is asked through its master, the master makes its own anew.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pause } from '../../src/drivers/haproxy/process.ts';
import { ask } from '../../src/drivers/haproxy/sockets.ts';
import { assertConverged } from '../conformance/converge.ts';
import { named, TestCa } from './haproxy-certificates.ts';
import { Load, withRig } from './haproxy-load.ts';
import { closeMembers, listen, put, startMember, tlsOf, VIP, type Wanted, worldOf } from './haproxy-site.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-sockets-'));
const certificates = [named('site', new TestCa(folder).issue('site'))];
const ports: number[] = [];

before(async () => {
  for (const name of ['one', 'two']) ports.push(await startMember(name));
});

after(async () => {
  await closeMembers();
  rmSync(folder, { recursive: true });
});

function web(port = 8080, members = ports): Wanted {
  return { name: `web${port}`, port, members };
}

function secured(): Wanted {
  return { name: 'tls', port: 8443, members: ports, listener: { protocol: 'https', tls: tlsOf(['site']) } };
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

test('a HAProxy whose whole directory was taken away is handed over to a new one, and loses nothing of what it serves', async () => {
  await withRig(
    async (rig, driver) => {
      const world = worldOf({ listeners: [web(), secured()], certificates });
      const endless = await listen(createServer((_, response) => void response.write('a')));
      const both = worldOf({ listeners: [web(), secured(), web(8081, [endless])], certificates });
      await put(driver, both);
      const underway = await fetch(`http://${VIP}:8081/`);
      const pid = rig.process.pid();
      rmSync(rig.runDir, { recursive: true });
      const load = new Load();

      await put(driver, both);
      await assertConverged(driver, both);
      await put(driver, world);

      await load.stop();
      assert.deepEqual(load.failures, []);
      assert.equal(rig.process.pid(), pid);
      assert.ok(existsSync(`${rig.runDir}/haproxy.cfg`));
      assert.equal(await Promise.race([underway.text(), sleep(200, 'goes on', { ref: false })]), 'goes on');
    },
    { supervise: true },
  );
});

test('another daemon than the one that started it takes over a HAProxy whose directory was taken away', async () => {
  await withRig(async (rig, driver) => {
    const world = worldOf({ listeners: [web()] });
    await put(driver, world);
    const pid = rig.process.pid();
    await driver.close();
    rmSync(rig.runDir, { recursive: true });

    const next = rig.open();
    await put(next, world);

    await assertConverged(next, world);
    assert.deepEqual([rig.process.pid(), rig.process.family().length >= 2], [pid, true]);
    assert.equal((await fetch(`http://${VIP}:8080/`)).status, 200);
  });
});

test('copies of certificates that were taken away are made anew before a reload misses them', async () => {
  await withRig(async (rig, driver) => {
    await put(driver, worldOf({ listeners: [secured()], certificates }));
    for (const folder of ['tls', 'lists']) rmSync(`${rig.runDir}/${folder}`, { recursive: true });

    const more = worldOf({ listeners: [secured(), web()], certificates });
    await put(driver, more);

    await assertConverged(driver, more);
  });
});
