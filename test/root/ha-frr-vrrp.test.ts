// VRRP by FRR's vrrpd for real: the primary and secondary of a pair, as LibraFlux sets them up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { deafen, hearAgain } from '../../lab/deaf.ts';
import { type FrrPair, frrVrrpConfig, startFrrPair } from '../../lab/frr-pair.ts';
import { VIP } from '../../lab/ha-pair.ts';
import { handOver } from '../../lab/hand-over.ts';
import { PingProbe } from '../../lab/ping-probe.ts';

let pair: FrrPair;

before(async () => {
  pair = await startFrrPair('hafrr', ['zebra', 'vrrpd'], frrVrrpConfig);
});
after(() => pair.close());

test('Ha makes the primary active through vrrpd, and the VIP answers', async () => {
  await pair.a.roleIs('active');
  await pair.b.roleIs('standby');
  const probe = await PingProbe.start(pair.client, VIP);
  await probe.stop();
  // The wire is asked every three seconds, once a role is two seconds old: the backup answers for nothing.
  await sleep(6000);
  assert.ok(!pair.a.events.some((event) => event.kind === 'split-brain'), JSON.stringify(pair.a.events));

  const [row] = JSON.parse(await pair.frr[0].ask('vrrpd', 'show vrrp json')) as {
    advertisementInterval: number;
    v4: { status: string; effectivePriority: number };
  }[];
  assert.deepEqual(
    [row?.advertisementInterval, row?.v4.status, row?.v4.effectivePriority],
    [100, 'Master', 250],
  );
});

test('Ha.handover() by a lower priority leaves no request unanswered for more than 30 ms', async () => {
  const { a } = pair;

  const { left, longestMs } = await handOver(pair, VIP);

  assert.deepEqual(left, []);
  assert.ok(longestMs <= 30, `${longestMs} ms`);
  await a.call('maintenance', false);
  await a.roleIs('active');
});

test('the backup hears nothing of the master, which leaves it the address, and takes it back when it is heard', async () => {
  const { a, b } = pair;
  await b.roleIs('standby');
  deafen(b.host, a.host);
  await b.roleIs('active');
  await a.roleIs('standby');
  assert.equal((await a.status()).groups[0]?.reason, 'SplitBrain');

  hearAgain(b.host);
  // Ten seconds later, and a look every three.
  await a.roleIs('active', 20_000);
  await b.roleIs('standby');
});

test('vrrpd killed: its address goes off the node, the peer answers, and a new vrrpd is told everything again', async () => {
  const { a, b, client } = pair;
  const probe = await PingProbe.start(client, VIP);

  const atMs = Date.now();
  process.kill(pair.frr[0].pid('vrrpd'), 'SIGKILL');
  await b.roleIs('active');
  await a.roleIs('fault');
  await probe.answered();
  assert.ok(a.events.some((event) => event.kind === 'program-ended' && event.program === 'vrrpd'));
  assert.match(a.host.ip('link', 'show', 'vrrp4-51'), /state DOWN/);
  assert.ok(probe.longestSince(atMs) <= 450, JSON.stringify(probe.outages()));
  // Longer than it takes to look again for a vrrpd, and to ask the wire for a second holder.
  await new Promise<void>((resolve) => setTimeout(resolve, 6000));
  assert.match(a.host.ip('link', 'show', 'vrrp4-51'), /state DOWN/);
  assert.deepEqual((await b.status()).troubles, []);

  a.host.run('rm', '-f', `${pair.frr[0].dir}/vrrpd.vty`);
  await pair.frr[0].run('vrrpd');
  await a.roleIs('active', 20_000);
  await probe.answered();
  await probe.stop();
});
