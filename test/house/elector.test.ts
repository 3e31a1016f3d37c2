// An elector outside grants and denies the active role: by the API, and by a file that it renames into place.
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HaStatus } from '../../src/model/ha-status.ts';
import { ask } from '../fixtures/rest-door.ts';
import { openDaemons, type RunningDaemon } from './run-daemon.ts';

const daemons = openDaemons('elector');
let daemon: RunningDaemon;
let file: string;

before(async () => {
  daemon = await daemons.start('lb', '');
  file = join(dirname(daemon.config), 'pair.json');
  daemon.write(`vips: [{ name: www, address: 192.0.2.10, group: pair, manage: false }]
ha: { groups: [{ name: pair, choose: external, interface: lo, lease_file: "${file}" }] }
listeners: [{ name: web, vip: www, port: 80, members: [{ address: 127.0.0.1, port: 9 }] }]`);
  const { code, err } = await daemon.lbctl('reload');
  assert.equal(code, 0, err);
});

async function group(): Promise<HaStatus['groups'][number]> {
  const { json } = await ask(daemon.socket, 'GET', '/v1/ha');
  return (json as HaStatus).groups[0]!;
}

function grant(role: 'active' | 'standby', epoch: number, lease = '60s') {
  return ask(daemon.socket, 'PUT', '/v1/ha/groups/pair/lease', { body: { role, epoch, lease } });
}

test('an elector grants the role; a word of the past that was late on its way is refused and changes nothing', async () => {
  assert.equal((await grant('active', 7)).status, 200);
  assert.deepEqual([(await group()).role, (await group()).epoch], ['active', 7]);

  for (const role of ['standby', 'active'] as const) {
    const { status, json } = await grant(role, 6);
    assert.deepEqual([status, (json as { code: string }).code], [409, 'CONFLICT']);
    assert.match((json as { detail: string }).detail, /epoch 6 after 7/);
  }
  assert.deepEqual([(await group()).role, (await group()).detail], ['active', 'by the elector']);

  assert.equal((await grant('standby', 7)).status, 200);
  assert.equal((await group()).role, 'standby');
});

test('what an elector writes into a file says the same, and an old word in it is told as a trouble', async () => {
  const write = (epoch: number): void => {
    writeFileSync(`${file}.new`, JSON.stringify({ role: 'active', epoch, lease: '60s' }));
    renameSync(`${file}.new`, file);
  };
  write(8);
  for (let i = 0; i < 50 && (await group()).role !== 'active'; i++) await sleep(100);
  assert.deepEqual([(await group()).role, (await group()).epoch], ['active', 8]);

  write(3);
  let events = '';
  for (let i = 0; i < 50 && !events.includes('epoch 3 after 8'); i++) {
    await sleep(100);
    events = (await daemon.lbctl('events')).out;
  }
  assert.match(events, /epoch 3 after 8/);
  assert.equal((await group()).role, 'active');
});

test('a lease that runs out makes the node stand back', async () => {
  const { status, json } = await grant('active', 9, '300ms');
  assert.deepEqual([status, (json as HaStatus).groups[0]?.role], [200, 'active']);
  for (let i = 0; i < 50 && (await group()).role === 'active'; i++) await sleep(100);
  const { role, detail } = await group();
  assert.deepEqual([role, detail], ['standby', 'the lease of the elector ran out']);
});
