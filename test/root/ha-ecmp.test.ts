// BGP ECMP for real, and a router of another make: BIRD spreads flows over both nodes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildRouted, type Routed, routedConfig } from '../../lab/ha-routed.ts';

let net: Routed;
const serving = { kind: 'vip', vip: 'any', canServe: true };

async function nextHopsAre(hops: readonly string[], withinMs = 15_000): Promise<number> {
  const started = performance.now();
  while (net.nextHops().join() !== hops.join()) {
    if (performance.now() - started > withinMs)
      throw new Error(`next hops are ${net.nextHops().join()}, not ${hops.join()}`);
    await new Promise<void>((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - started;
}

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

  await nextHopsAre(['192.0.2.1', '192.0.2.2']);
});

test('a node whose listener cannot serve is no next hop, and is one again when it can', async () => {
  await net.a.call('tell', { ...serving, canServe: false });
  await nextHopsAre(['192.0.2.2']);

  await net.a.call('tell', serving);
  await nextHopsAre(['192.0.2.1', '192.0.2.2']);
});

test('only the routes over a node that falls silent go away, within 400 ms', async () => {
  net.a.host.ip('link', 'set', 'eth0', 'down');

  const tookMs = await nextHopsAre(['192.0.2.2']);
  net.a.host.ip('link', 'set', 'eth0', 'up');
  await nextHopsAre(['192.0.2.1', '192.0.2.2'], 30_000);

  // BFD takes 150 ms; the rest is the time of a look at the routes on a busy machine.
  assert.ok(tookMs <= 400, `${tookMs} ms`);
});

test('Ha.close() withdraws the routes before the addresses go', async () => {
  await net.a.end('hand-over');

  await nextHopsAre(['192.0.2.2']);
  assert.doesNotMatch(net.a.host.ip('address', 'show', 'dev', 'lo'), /203\.0\.113\.1/);
});
