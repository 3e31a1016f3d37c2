// Connection sync for real: two daemons, keepalived, XDP, and clients whose connections must not notice a failover.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { VIP } from '../../lab/daemon-pair.ts';
import { SYNC_MODES, SyncPair, type Talks } from '../../lab/sync-pair.ts';
import { until } from '../../lab/until.ts';
import { mendVrrp, spoilVrrp } from '../../lab/vrrp-filter.ts';
import type { HaStatus } from '../../src/model/ha-status.ts';

const TALKS = 30;
const FLOWS = TALKS * SYNC_MODES.length;
const ALL = { silent: 10, speaking: 10, listening: 10 };
let pair: SyncPair;

beforeEach(async () => {
  pair = await SyncPair.build('hasync');
});
afterEach(() => pair.close());

/** Long conversations through every mode; all of them stand in both nodes when the call resolves. */
async function talkAndShare(): Promise<readonly Talks[]> {
  const talks = await Promise.all(SYNC_MODES.map((mode) => pair.talk(mode, TALKS)));
  let last = '';
  await until(`${FLOWS} flows on both nodes`, async () => {
    const both = await Promise.all([pair.a.ha(), pair.b.ha()]);
    last = JSON.stringify(both.map(({ sync }) => sync));
    return both.every(({ sync }) => (sync?.flows ?? 0) >= FLOWS);
  }).catch((error: Error) => {
    throw new Error(`${error.message}; they say ${last}`);
  });
  return talks;
}

async function allGoOn(talks: readonly Talks[]): Promise<void> {
  const reports = await Promise.all(talks.map((one) => one.check()));
  const seen = SYNC_MODES.map((mode, i) => [mode, reports[i]!.answered, reports[i]!.errors]);
  assert.deepEqual(
    seen,
    SYNC_MODES.map((mode) => [mode, ALL, []]),
  );
}

test('nat, fullnat and onearm: connections go on when a node falls silent, and when it is heard again and is the better one', async () => {
  await pair.startBoth();
  let last: readonly HaStatus[] = [];
  const talks = await talkAndShare();

  pair.cut('a', true);
  await pair.b.roleIs('active');
  // Longer than a link that hears nothing is kept.
  await sleep(5000);
  await allGoOn(talks);

  pair.cut('a', false);
  await pair.b.roleIs('standby');
  await allGoOn(talks);
  await until('both hear each other again', async () => {
    last = await Promise.all([pair.a.ha(), pair.b.ha()]);
    return last.every(({ sync }) => sync?.peers[0]?.state === 'synced' && sync.followers === 1);
  }).catch((error: Error) => assert.fail(`${error.message}: ${JSON.stringify(last)}`));
});

test('planned moves, the end of the service and its next start move every connection without a loss', async () => {
  await pair.startBoth();
  const talks = await talkAndShare();
  await allGoOn(talks);

  await pair.a.client.call('POST', '/v1/ha/failover', { body: {} });
  await pair.b.roleIs('active');
  await allGoOn(talks);

  await pair.b.terminate();
  await pair.a.roleIs('active');
  await allGoOn(talks);

  await pair.b.start(pair.config('lb-b'));
  await until('everything pulled', async () => {
    const { synced, sync } = await pair.b.ha();
    return synced && sync?.peers[0]?.state === 'synced' && sync.peers[0].received >= FLOWS;
  });
  pair.cut('a', true);
  await pair.b.roleIs('active');
  await allGoOn(talks);
});

test('two masters that do not hear each other: the loser by rule stands back within seconds, and listens again later', async () => {
  const { a, b } = pair;
  await pair.startBoth();
  const talks = await talkAndShare();
  for (const { host } of [a, b]) spoilVrrp(host, 'deaf');
  await b.roleIs('active');
  const bothMs = performance.now();

  await b.roleIs('fault');
  const tookMs = performance.now() - bothMs;
  await a.roleIs('active');
  const [group] = (await b.ha()).groups;
  assert.equal(group?.reason, 'SplitBrain');
  assert.match(group.detail, /lb-a carries it too and comes first/);
  assert.doesNotMatch(b.host.ip('-o', 'address', 'show'), new RegExp(`${VIP}/`));
  // A take-over may last two seconds, peers speak once a second; the rest is the time to look.
  assert.ok(tookMs <= 5000, `${tookMs} ms`);
  await allGoOn(talks);

  for (const { host } of [a, b]) mendVrrp(host);
  await b.roleIs('standby');
  await a.roleIs('active');
});
