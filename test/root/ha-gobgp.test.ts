// BGP with a router of a third make, GoBGP: it chooses by what our roles announce, and loses a dead node with the hold time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildRouted, type Routed, routedConfig } from '../../lab/ha-routed.ts';

let net: Routed;
const serving = { kind: 'vip', vip: 'any', canServe: true };

before(async () => {
  net = await buildRouted('hagobgp', 'gobgp');
  await net.a.start(routedConfig('primary', 'bgp'));
  await net.b.start(routedConfig('secondary', 'bgp'));
  for (const node of [net.a, net.b]) await node.call('tell', serving);
});
after(() => net.close());

test('GoBGP takes the way over the active node', async () => {
  await net.a.roleIs('active');
  await net.b.roleIs('standby');

  await net.nextHopsAre(['192.0.2.1']);
});

test('GoBGP takes the standby while the listener of the active one cannot serve', async () => {
  await net.a.call('tell', { ...serving, canServe: false });
  await net.nextHopsAre(['192.0.2.2']);

  await net.a.call('tell', serving);
  await net.nextHopsAre(['192.0.2.1']);
});

test('GoBGP, which has no BFD, leaves a node that falls silent when the hold time is over', async () => {
  net.a.host.ip('link', 'set', 'eth0', 'down');
  const cutMs = performance.now();
  await net.nextHopsAre(['192.0.2.2']);
  const tookMs = performance.now() - cutMs;
  net.a.host.ip('link', 'set', 'eth0', 'up');
  await net.nextHopsAre(['192.0.2.1'], 30_000);

  // 3 s, and a look at its routes.
  assert.ok(tookMs <= 4_500, `${tookMs} ms`);
});

test('GoBGP takes the standby as soon as the active node withdraws', async () => {
  await net.a.end('hand-over');

  await net.nextHopsAre(['192.0.2.2']);
});
