// BGP for real: two nodes with FRR, a router with FRR that has two ways to the VIP, a client behind it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LabFrr } from '../../lab/frr.ts';
import { buildRouted, ROUTED_VIP, type Routed, routedConfig } from '../../lab/ha-routed.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { until } from '../../lab/until.ts';
import { Vty } from '../../src/kernel/vty.ts';

let net: Routed;
const serving = { kind: 'vip', vip: 'any', canServe: true };

async function fastOnBothSides(): Promise<boolean> {
  const sides = [
    LabFrr.of(net.router).hasFastBfd('192.0.2.1', 50),
    LabFrr.of(net.a.host).hasFastBfd('192.0.2.254', 50),
  ];
  return (await Promise.all(sides)).every(Boolean);
}

before(async () => {
  net = await buildRouted('habgp', 'frr');
  await net.a.start(routedConfig('primary', 'bgp'));
  await net.b.start(routedConfig('secondary', 'bgp'));
});
after(() => net.close());

test('Ha announces a VIP only once a listener on it can serve', async () => {
  const { a, b, routerFrr } = net;
  await a.roleIs('active');
  await b.roleIs('standby');
  const established = async (): Promise<number> =>
    [...(await routerFrr!.ask('bgpd', 'show bgp summary json')).matchAll(/"state":"Established"/g)].length;
  const end = performance.now() + 15_000;
  while ((await established()) < 2 && performance.now() < end) await new Promise((r) => setTimeout(r, 50));
  assert.equal(await established(), 2);
  assert.deepEqual(net.nextHops(), []);

  await b.call('tell', serving);
  await net.nextHopsAre(['192.0.2.2']);
  await a.call('tell', serving);
  await net.nextHopsAre(['192.0.2.1']);
});

test('both ways reach the router with the attributes of their roles', async () => {
  const { routerFrr } = net;
  const text = await routerFrr!.ask('bgpd', `show bgp ipv4 unicast ${ROUTED_VIP}/32 json`);
  const { paths } = JSON.parse(text) as {
    paths: {
      aspath: { string: string };
      metric: number;
      community: { string: string };
      peer: { peerId: string };
    }[];
  };
  const rows = paths
    .map((path) => [path.peer.peerId, path.aspath.string, path.metric, path.community.string])
    .sort();

  assert.deepEqual(rows, [
    ['192.0.2.1', '65100', 10, '65100:100'],
    ['192.0.2.2', '65100 65100 65100', 20, '65100:100'],
  ]);
});

test('the same intent again sends nothing to FRR', async () => {
  const { frrCommands } = await net.a.status();
  await net.a.load(routedConfig('primary', 'bgp'));

  assert.ok(frrCommands > 10);
  assert.equal((await net.a.status()).frrCommands, frrCommands);
});

test('what others configured in FRR stays', async () => {
  const vty = await Vty.open(`${net.a.frrDir}/bgpd.vty`);
  for (const line of ['configure terminal', 'router bgp 65100', 'neighbor 192.0.2.77 remote-as 65077', 'end'])
    await vty.ask(line);
  await net.a.load(routedConfig('primary', 'bgp', ', max_prefix: 50'));
  const running = await vty.ask('show running-config');
  vty.close();

  assert.match(running, /neighbor 192\.0\.2\.77 remote-as 65077/);
  assert.match(running, /neighbor 192\.0\.2\.254 maximum-prefix 50/);
  assert.doesNotMatch(running, /maximum-prefix 100/);
});

test('a line of ours that somebody removes by hand comes back within ten seconds, and a session that ended with it', async () => {
  const vty = await Vty.open(`${net.a.frrDir}/bgpd.vty`);
  for (const line of ['configure terminal', 'router bgp 65100', 'no neighbor 192.0.2.254', 'end'])
    await vty.ask(line);
  assert.doesNotMatch(await vty.ask('show running-config'), /neighbor 192\.0\.2\.254/);

  await until('our neighbour', async () =>
    /neighbor 192\.0\.2\.254 remote-as 65101/.test(await vty.ask('show running-config')),
  );
  vty.close();
  await net.nextHopsAre(['192.0.2.1']);
  await until('BFD with the router', async () => (await net.a.status()).bfd.tor === true);
  await until('fast timers of a session made anew', fastOnBothSides, 30_000);
});

test('a node that falls silent is replaced within 300 ms: the router follows the standby route', async () => {
  const { a, b, client } = net;
  const probe = await PingProbe.start(client, ROUTED_VIP);

  const atMs = Date.now();
  a.host.ip('link', 'set', 'eth0', 'down');
  await net.nextHopsAre(['192.0.2.2']);
  await probe.answered();
  const outage = probe.longestSince(atMs);
  await b.roleIs('active');
  await probe.stop();
  a.host.ip('link', 'set', 'eth0', 'up');
  a.host.route('default', 'via', '192.0.2.254');
  await net.nextHopsAre(['192.0.2.1']);

  assert.ok(outage <= 300, `${outage} ms`);
});

test('a router that asks for another TTL than ours: the standby serves, the status says why, and it mends by itself', async () => {
  const { a, routerFrr } = net;
  const established = (): Promise<boolean> => a.status().then(({ bgp }) => bgp.tor1 === 'Established');
  await until('a look at the session', established);

  await routerFrr!.configure('bgpd', ['router bgp 65101', 'neighbor 192.0.2.1 ttl-security hops 1']);
  await net.nextHopsAre(['192.0.2.2']);
  await until(
    'a word',
    async () => (await a.status()).troubles.some((one) => /bgp tor1: no session/.test(one)),
    30_000,
  );
  assert.match(
    (await a.status()).troubles.join(),
    /AS 65101, one hop away, with the same password and TTL security/,
  );

  await routerFrr!.configure('bgpd', ['router bgp 65101', 'no neighbor 192.0.2.1 ttl-security hops 1']);
  await net.nextHopsAre(['192.0.2.1']);
  await until('a look at the session', established);
  await until('it to have lasted', async () => (await a.status()).troubles.length === 0);
});

test('Ha.handover() drains the route first: no request is lost for more than 30 ms', async () => {
  const { a, client } = net;
  const probe = await PingProbe.start(client, ROUTED_VIP);

  await a.call('handover');
  await net.nextHopsAre(['192.0.2.2']);
  await probe.answered();
  await probe.stop();

  assert.ok(probe.longestSince(0) <= 30, JSON.stringify(probe.outages()));
});
