// Links that lose one direction, where the nodes share nothing but the link: the one that still hears knows of both, and leaves
// the address to the other one until it is heard again.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deafen, hearAgain } from '../../lab/deaf.ts';
import { buildPair, inFamilyOf, type Pair, pairConfig, VIP, VIP6 } from '../../lab/ha-pair.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { until } from '../../lab/until.ts';
import { mendVrrp, spoilVrrp } from '../../lab/vrrp-filter.ts';

/** Who leaves is asked here, not how soon: a processor that is away for some adverts must not look like a dead node. */
const ADVERT_MS = 400;
/** Three adverts to be missed, three to be heard; the rest is a busy machine's. */
const BOTH_MS = 2 * 3.5 * ADVERT_MS + 1000;
/** Stood back for ten seconds, and a look every three. */
const LOOK_AGAIN_MS = 13_000;

let pair: Pair;
beforeEach(() => {
  pair = buildPair('hahalf');
});
afterEach(() => pair.close());

async function startBoth(vip: string): Promise<void> {
  const config = (role: 'primary' | 'secondary'): string =>
    inFamilyOf(vip, pairConfig(role).replace('advert: 100ms', `advert: ${ADVERT_MS}ms`));
  await pair.a.start(config('primary'));
  await pair.a.roleIs('active');
  await pair.b.start(config('secondary'));
  await pair.b.hearsAMaster();
  // A role that just moved is none to judge others by.
  await sleep(2500);
}

for (const vip of [VIP, VIP6])
  test(`VRRP, ${vip}: the backup hears nothing of the master, which leaves it the address, and takes it back when it is heard`, async () => {
    const { a, b, client } = pair;
    await startBoth(vip);
    deafen(b.host, a.host);

    await b.roleIs('active');
    await a.roleIs('standby');
    const bothMs = a.moves.at(-1)!.atMs - b.moves.at(-1)!.atMs;
    assert.ok(bothMs <= BOTH_MS, `both were active for ${bothMs} ms`);
    const [group] = (await a.status()).groups;
    assert.deepEqual(
      [group?.reason, group?.detail],
      ['SplitBrain', 'the other master does not hear this node'],
    );
    await until('one holder', () => !a.holds(vip) && b.holds(vip));
    const before = [a, b].map((node) => node.moves.length);
    await sleep(LOOK_AGAIN_MS);
    assert.deepEqual(
      [a, b].map((node) => node.moves.length),
      before,
    );

    const probe = await PingProbe.start(client, vip);
    hearAgain(b.host);
    await a.roleIs('active', LOOK_AGAIN_MS);
    await b.roleIs('standby');
    await probe.answered();
    await probe.stop();
    assert.deepEqual([a.holds(vip), b.holds(vip)], [true, false]);
    assert.equal(a.events.filter((event) => event.kind === 'split-brain').length, 1);
    for (const node of [a, b]) assert.deepEqual((await node.status()).troubles, []);
  });

test('VRRP: a master that hears nothing of the backup stays, as it is heard', async () => {
  const { a, b } = pair;
  await startBoth(VIP);
  const before = [a, b].map((node) => node.moves.length);

  deafen(a.host, b.host);
  await sleep(8 * ADVERT_MS);
  hearAgain(a.host);
  await sleep(1000);

  assert.deepEqual(
    [a, b].map((node) => node.moves.length),
    before,
  );
});

test('VRRP: the node that stood back takes over when the deaf one dies', async () => {
  const { a, b } = pair;
  await startBoth(VIP);
  deafen(b.host, a.host);
  await a.roleIs('standby');

  b.host.ip('link', 'set', 'eth0', 'down');
  await a.roleIs('active');
  assert.ok(a.holds(VIP));
});

test('a filter that takes adverts alone: the master stands back longer each time it finds itself unheard, and mends', async () => {
  const { a, b } = pair;
  await startBoth(VIP);
  spoilVrrp(b.host, 'deaf');
  await b.roleIs('active');
  await a.roleIs('standby');
  const { rivalAdverts } = await a.status();
  assert.ok(rivalAdverts > 0);

  // ARP is answered, so it tries: that is the one moment with two of them in so long a time.
  await until('another try', () => a.moves.filter(({ from }) => from === 'active').length === 2, 20_000);
  await a.roleIs('standby');
  await until('one holder', () => !a.holds(VIP) && b.holds(VIP));
  const tries = a.moves.length;
  await sleep(LOOK_AGAIN_MS);
  assert.equal(a.moves.length, tries);

  mendVrrp(b.host);
  await a.roleIs('active', 20_000);
  await b.roleIs('standby');
  assert.deepEqual([a.holds(VIP), b.holds(VIP)], [true, false]);
  assert.equal(a.events.filter((event) => event.kind === 'split-brain').length, 1);
});
