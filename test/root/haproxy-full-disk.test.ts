// A run directory without room: what serves goes on and follows its health, what cannot be written says so with a code, a HAProxy that
// dies is started again, and all of it comes by itself once there is room.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { HaproxyDriver } from '../../src/drivers/haproxy/haproxy-driver.ts';
import { pause } from '../../src/drivers/haproxy/process.ts';
import type { World } from '../../src/model/world.ts';
import { applyPhases, assertConverged, planOf } from '../conformance/converge.ts';
import { Rig } from './haproxy-rig.ts';
import { closeMembers, put, startMember, type Told, VIP, type Wanted, worldOf } from './haproxy-site.ts';

const rig = new Rig({ supervise: true });
const ballast = join(rig.runDir, 'ballast');
const ports: number[] = [];

before(async () => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', rig.runDir]);
  for (const name of ['one', 'two']) ports.push(await startMember(name));
});

after(async () => {
  await rig.process.stop();
  execFileSync('umount', ['-l', rig.runDir]);
  await rig.close();
  await closeMembers();
});

function web(port: number): Wanted {
  return { name: `web${port}`, port, members: ports };
}

/** The first member of the listener drains. */
function drained(world: World): World {
  const [listener, ...rest] = world.listeners;
  const [first, ...others] = listener!.members;
  const members = [{ ...first!, effectiveWeight: 0, reason: 'AdminDrain' as const }, ...others];
  return { ...world, listeners: [{ ...listener!, members }, ...rest] };
}

/** Codes of what failed, by step. */
async function failures(driver: HaproxyDriver, world: World): Promise<readonly string[]> {
  const { steps } = await planOf(driver, world);
  const results = await applyPhases(driver, steps);
  return results.flatMap((result) => (result.ok ? [] : [`${result.step.verb} ${result.error.code}`]));
}

test('on a full disk members follow their health, changes wait with a code, and a HAProxy that died comes back', async () => {
  const driver = rig.open();
  const one = worldOf({ listeners: [web(8080)] });
  const both = worldOf({ listeners: [web(8080), web(8081)] });
  await put(driver, one);
  const { bfree, bsize } = statfsSync(rig.runDir);
  writeFileSync(ballast, Buffer.alloc(bfree * bsize));

  assert.deepEqual(await failures(driver, drained(one)), ['change RUN_DIR_UNWRITABLE']);
  await assertConverged(driver, drained(one));
  const served = async () => ((await (await fetch(`http://${VIP}:8080/`)).json()) as Told).member;
  assert.deepEqual(new Set([await served(), await served(), await served()]), new Set(['two']));
  assert.ok((await driver.counters()).some(({ connections }) => connections > 0n));

  await assert.rejects(failures(driver, both), { code: 'RUN_DIR_UNWRITABLE' });

  const pid = rig.process.pid()!;
  process.kill(pid, 'SIGKILL');
  for (let tries = 0; tries < 100 && [undefined, pid].includes(rig.process.pid()); tries++) await pause(100);
  for (let tries = 0; tries < 100 && (await rig.process.generation()) === undefined; tries++)
    await pause(100);
  assert.equal((await fetch(`http://${VIP}:8080/`)).status, 200);
  // It was started with what the file still says.
  await failures(driver, drained(one));
  await assertConverged(driver, drained(one));

  rmSync(ballast);
  await put(driver, both);
  await assertConverged(driver, both);
});
