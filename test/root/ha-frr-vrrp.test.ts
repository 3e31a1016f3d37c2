// VRRP by FRR's vrrpd for real: the primary and secondary of a pair, as LibraFlux sets them up.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LabFrr } from '../../lab/frr.ts';
import { buildPair, type Pair, pairConfig, VIP } from '../../lab/ha-pair.ts';
import { handOver } from '../../lab/hand-over.ts';
import { PingProbe } from '../../lab/ping-probe.ts';

let pair: Pair;
let frr: LabFrr[] = [];

function config(role: 'primary' | 'secondary'): string {
  return pairConfig(role).replace('ha:\n', 'ha:\n  provider: frr\n');
}

before(async () => {
  pair = buildPair('hafrr');
  frr = await Promise.all([pair.a, pair.b].map((node) => LabFrr.start(node.host, ['zebra', 'vrrpd'])));
  for (const [i, node] of [pair.a, pair.b].entries()) node.frrDir = frr[i]!.dir;
  await pair.a.start(config('primary'));
  await pair.b.start(config('secondary'));
});
after(async () => {
  await pair.close();
  for (const one of frr) one.removeFiles();
});

test('Ha makes the primary active through vrrpd, and the VIP answers', async () => {
  await pair.a.roleIs('active');
  await pair.b.roleIs('standby');
  const probe = await PingProbe.start(pair.client, VIP);
  await probe.stop();

  const [row] = JSON.parse(await frr[0]!.ask('vrrpd', 'show vrrp json')) as {
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

test('vrrpd killed: its address goes off the node, the peer answers, and a new vrrpd is told everything again', async () => {
  const { a, b, client } = pair;
  const probe = await PingProbe.start(client, VIP);

  const atMs = Date.now();
  process.kill(frr[0]!.pid('vrrpd'), 'SIGKILL');
  await b.roleIs('active');
  await a.roleIs('fault');
  await probe.answered();
  assert.ok(a.events.some((event) => event.kind === 'program-ended' && event.program === 'vrrpd'));
  assert.match(a.host.ip('link', 'show', 'vrrp4-51'), /state DOWN/);
  assert.ok(probe.longestSince(atMs) <= 450, JSON.stringify(probe.outages()));

  a.host.run('rm', '-f', `${frr[0]!.dir}/vrrpd.vty`);
  await frr[0]!.run('vrrpd');
  await a.roleIs('active', 20_000);
  await probe.answered();
  await probe.stop();
});
