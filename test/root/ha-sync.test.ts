// Connection sync for real: two daemons, keepalived, XDP, and clients whose connections must not notice a failover.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SyncMode, SyncPair } from '../../lab/sync-pair.ts';
import { until } from '../../lab/until.ts';
import type { HaStatus } from '../../src/model/ha-status.ts';

const TALKS = 60;
const ALL = { silent: 20, speaking: 20, listening: 20 };
let pair: SyncPair;

beforeEach(async () => {
  pair = await SyncPair.build('hasync');
});
afterEach(() => pair.close());

/** Everything one node knows of these connections stands in the other one too. */
async function shared(count: number): Promise<void> {
  let last = '';
  await until(`${count} flows on both nodes`, async () => {
    const both = await Promise.all([pair.a.ha(), pair.b.ha()]);
    last = JSON.stringify(both.map(({ sync }) => sync));
    return both.every(({ sync }) => (sync?.flows ?? 0) >= count);
  }).catch((error: Error) => {
    throw new Error(`${error.message}; they say ${last}`);
  });
}

for (const mode of ['fullnat', 'nat'] as const satisfies readonly SyncMode[])
  test(`mode ${mode}: connections go on when a node falls silent, and when it is heard again and is the better one`, async () => {
    await pair.startBoth(mode);
    let last: readonly HaStatus[] = [];
    const talks = await pair.talk(TALKS);
    await shared(TALKS);

    pair.cut('a', true);
    await pair.b.roleIs('active');
    // Longer than a link that hears nothing is kept.
    await sleep(5000);
    const after = await talks.check();
    assert.deepEqual([after.answered, after.errors], [ALL, []]);

    pair.cut('a', false);
    await pair.b.roleIs('standby');
    const again = await talks.check();
    assert.deepEqual([again.answered, again.errors], [ALL, []]);
    await until('both hear each other again', async () => {
      last = await Promise.all([pair.a.ha(), pair.b.ha()]);
      return last.every(({ sync }) => sync?.peers[0]?.state === 'synced' && sync.followers === 1);
    }).catch((error: Error) => assert.fail(`${error.message}: ${JSON.stringify(last)}`));
  });

test('planned moves, the end of the service and its next start move every connection without a loss', async () => {
  await pair.startBoth('fullnat');
  const talks = await pair.talk(TALKS);
  await shared(TALKS);
  await talks.check();

  await pair.a.client.call('POST', '/v1/ha/failover', { body: {} });
  await pair.b.roleIs('active');
  const moved = await talks.check();
  assert.deepEqual([moved.answered, moved.errors], [ALL, []]);

  await pair.b.terminate();
  await pair.a.roleIs('active');
  const stopped = await talks.check();
  assert.deepEqual([stopped.answered, stopped.errors], [ALL, []]);

  await pair.b.start(pair.config('lb-b', 'fullnat'));
  await until('everything pulled', async () => {
    const { synced, sync } = await pair.b.ha();
    return synced && sync?.peers[0]?.state === 'synced' && sync.peers[0].received >= TALKS;
  });
  pair.cut('a', true);
  await pair.b.roleIs('active');
  const back = await talks.check();
  assert.deepEqual([back.answered, back.errors], [ALL, []]);
});
