// VRRP for real: two nodes with keepalived run by us, a client that asks the VIP every 5 ms.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildPair, type Pair, pairConfig, VIP } from '../../lab/ha-pair.ts';
import { handOver } from '../../lab/hand-over.ts';
import { PingProbe } from '../../lab/ping-probe.ts';

let pair: Pair;

before(async () => {
  pair = buildPair('havrrp');
  await pair.a.start(pairConfig('primary'));
  await pair.b.start(pairConfig('secondary'));
});
after(() => pair.close());

test('Ha makes the node of higher priority active, and it alone holds the VIP', async () => {
  const { a, b } = pair;
  await a.roleIs('active');
  await b.roleIs('standby');

  assert.deepEqual([a.holds(VIP), b.holds(VIP)], [true, false]);
  const [group] = (await a.status()).groups;
  assert.equal(group?.epoch, 1);
  assert.deepEqual((await a.status()).troubles, []);
});

test('Ha.handover() moves the VIP to the peer while every request is answered within 30 ms', async () => {
  const { a, b } = pair;

  const { left, longestMs } = await handOver(pair, VIP);

  assert.deepEqual(left, []);
  assert.deepEqual([a.holds(VIP), b.holds(VIP)], [false, true]);
  assert.ok(longestMs <= 30, `${longestMs} ms`);
  await a.call('maintenance', false);
  await a.roleIs('active');
});

test('keepalived killed where it stands: its VIP is taken off and the peer answers', async () => {
  const { a, b, client } = pair;
  const pid = (await a.status()).keepalivedPid!;
  const probe = await PingProbe.start(client, VIP);
  const vrrp = Number(a.host.run('cat', `${a.dir}/run/vrrp/vrrp.pid`));

  const atMs = Date.now();
  // Both at once: alone, each would clean up after the other.
  for (const one of [pid, vrrp]) process.kill(one, 'SIGKILL');
  await b.roleIs('active');
  await probe.answered();
  const outage = probe.longestSince(atMs);
  await a.roleIs('active');
  await probe.stop();

  const ended = a.events.find((event) => event.kind === 'program-ended');
  assert.ok(ended !== undefined && ended.heardMs - atMs <= 100, JSON.stringify(ended));
  assert.equal(ended.kind === 'program-ended' && ended.addressesRemoved, 1);
  assert.ok(outage <= 350, `${outage} ms`);
});
