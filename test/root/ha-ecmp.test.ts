// BGP ECMP for real, and a router of another make: BIRD spreads flows over both nodes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LabFrr } from '../../lab/frr.ts';
import { buildRouted, ROUTER, type Routed, routedConfig } from '../../lab/ha-routed.ts';
import { until } from '../../lab/until.ts';

let net: Routed;
const serving = { kind: 'vip', vip: 'any', canServe: true };

before(async () => {
  net = await buildRouted('haecmp', 'bird');
  await net.a.start(routedConfig('primary', 'bgp-ecmp'));
  await net.b.start(routedConfig('secondary', 'bgp-ecmp'));
  for (const node of [net.a, net.b]) await node.call('tell', serving);
});
after(() => net.close());

test('all nodes are active and the router uses every one of them', async () => {
  await net.a.roleIs('active');
  await net.b.roleIs('active');

  await net.nextHopsAre(['192.0.2.1', '192.0.2.2']);
});

test('a node whose listener cannot serve is no next hop, and is one again when it can', async () => {
  await net.a.call('tell', { ...serving, canServe: false });
  await net.nextHopsAre(['192.0.2.2']);

  await net.a.call('tell', serving);
  await net.nextHopsAre(['192.0.2.1', '192.0.2.2']);
});

test('only the routes over a node that falls silent go away, within 400 ms', async () => {
  const frr = LabFrr.of(net.a.host);
  await until('BFD to the router', () => frr.hasFastBfd(ROUTER, 50));

  const tookMs = await withdrawalOfA();

  // BFD takes 150 ms; the rest is the time of a look at the routes on a busy machine.
  assert.ok(tookMs <= 400, `${tookMs} ms`);
});

test('where BFD sees nothing they go with the hold time: no router keeps the routes of a dead node', async () => {
  net.router.run('nft', 'add table ip nobfd; add chain ip nobfd in { type filter hook input priority 0; }');
  net.router.run('nft', 'add rule ip nobfd in udp dport 3784 drop');
  await net.nextHopsAre([]);
  await net.nextHopsAre(['192.0.2.1', '192.0.2.2']);

  const tookMs = await withdrawalOfA();
  net.router.run('nft', 'delete table ip nobfd');

  // The hold time is 3 s; a router that takes part in graceful restart would wait for 120.
  assert.ok(tookMs <= 4_500, `${tookMs} ms`);
});

test('Ha.handover() asks the routers to use the other node, and waits for nobody to take over', async () => {
  assert.deepEqual(await net.a.call('handover'), []);
  await net.nextHopsAre(['192.0.2.2']);
  assert.match(net.a.host.ip('address', 'show', 'dev', 'lo'), /203\.0\.113\.1/);

  await net.a.call('maintenance', false);
  await net.nextHopsAre(['192.0.2.1', '192.0.2.2']);
});

test('Ha.close() withdraws the routes before the addresses go', async () => {
  await net.a.end('hand-over');

  await net.nextHopsAre(['192.0.2.2']);
  assert.doesNotMatch(net.a.host.ip('address', 'show', 'dev', 'lo'), /203\.0\.113\.1/);
});

async function withdrawalOfA(): Promise<number> {
  net.a.host.ip('link', 'set', 'eth0', 'down');
  const cutMs = performance.now();
  await net.nextHopsAre(['192.0.2.2']);
  const tookMs = performance.now() - cutMs;
  net.a.host.ip('link', 'set', 'eth0', 'up');
  await net.nextHopsAre(['192.0.2.1', '192.0.2.2'], 30_000);
  return tookMs;
}
