// VRRP in trouble: our own process killed, refused configurations, reloads, other versions of the protocol.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { afterEach, beforeEach, test } from 'node:test';
import { buildPair, type Pair, pairConfig, VIP } from '../../lab/ha-pair.ts';
import { handOver } from '../../lab/hand-over.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { until } from '../../lab/until.ts';

let pair: Pair;

beforeEach(() => {
  pair = buildPair('hatrouble');
});
afterEach(() => pair.close());

async function startBoth(group = ''): Promise<void> {
  await pair.a.start(pairConfig('primary', group));
  await pair.b.start(pairConfig('secondary', group));
  await pair.a.roleIs('active');
  await pair.b.hearsAMaster();
}

test('our process killed: keepalived and the VIP stay, and the next one adopts them without a packet lost', async () => {
  await startBoth();
  const { a, client } = pair;
  const { keepalivedPid } = await a.status();
  const probe = await PingProbe.start(client, VIP);

  await a.end('kill');
  await a.start(pairConfig('primary'));

  await a.roleIs('active');
  await probe.answered();
  await probe.stop();
  assert.equal((await a.status()).keepalivedPid, keepalivedPid);
  assert.deepEqual(probe.outages(), []);
  assert.equal((await a.status()).groups[0]?.epoch, 2);
});

test('what keepalived said while nobody listened is history: the next process of ours does not act on it', async () => {
  await startBoth();
  const { a, client } = pair;
  await a.end('kill');
  const fault = `${a.dir}/run/vrrp/pair.fault`;
  writeFileSync(fault, '1');
  await until('the peer to take over', () => pair.b.holds(VIP) && !a.holds(VIP));
  writeFileSync(fault, '0');
  await until('the address to come back', () => a.holds(VIP) && !pair.b.holds(VIP));
  await new Promise<void>((resolve) => setTimeout(resolve, 1000));
  const probe = await PingProbe.start(client, VIP);

  await a.start(pairConfig('primary'), { ready: false });
  await new Promise<void>((resolve) => setTimeout(resolve, 1000));
  await a.call('tell', { kind: 'ready', applied: true, synced: true });
  await new Promise<void>((resolve) => setTimeout(resolve, 1000));

  await probe.answered();
  await probe.stop();
  assert.deepEqual(probe.outages(), []);
  await a.roleIs('active');
});

test('Ha.setIntent() reloads without leaving the role, with another VIP on the interface afterwards', async () => {
  await startBoth();
  const { a, client } = pair;
  const probe = await PingProbe.start(client, VIP);
  const roles = a.events.filter((event) => event.kind === 'role').length;

  await a.load(
    pairConfig('primary')
      .replace('listeners:', '')
      .replace('vips: [', 'vips: [{ name: two, address: 192.0.2.11/32, group: pair }, ')
      .replace(
        / {2}- \{ name: web.*\n/,
        'listeners: [{ name: web, vip: www, port: 80, members: [{ address: 192.0.2.21 }] }]\n',
      ),
  );
  await until('the second VIP', () => a.host.ip('-o', 'address', 'show').includes('192.0.2.11/32'));
  await probe.answered();
  await probe.stop();

  assert.deepEqual(probe.outages(), []);
  assert.equal(a.events.filter((event) => event.kind === 'role').length, roles);
});

test('a node that is not ready stands back although it is the better one, and comes when it is ready', async () => {
  const { a, b } = pair;
  await b.start(pairConfig('secondary'));
  await b.roleIs('active');
  await a.start(pairConfig('primary'), { ready: false });
  await new Promise<void>((resolve) => setTimeout(resolve, 1500));
  const [before] = (await a.status()).groups;

  await a.call('tell', { kind: 'ready', applied: true, synced: true });
  await a.roleIs('active');
  await b.roleIs('standby');
  assert.equal(before?.role, 'fault');
  assert.equal(before?.reason, 'NotReady');
});

test('Ha.handover() works where nobody preempts', async () => {
  await startBoth(', preempt: false');
  const { a, b } = pair;

  const { left, longestMs } = await handOver(pair, VIP);

  assert.deepEqual(left, []);
  assert.ok(longestMs <= 100, `${longestMs} ms`);
  await a.call('maintenance', false);
  await new Promise<void>((resolve) => setTimeout(resolve, 1500));
  await b.roleIs('active');
});

test('a secret that differs makes nobody step down, and the groups say what is wrong', async () => {
  const v2 = (secret: string) => `, vrrp_version: 2, advert: 1s, auth: { secret: ${secret} }`;
  const config = (role: 'primary' | 'secondary', secret: string) =>
    pairConfig(role, v2(secret)).replace('advert: 100ms, ', '');
  await pair.a.start(config('primary', 'one'));
  await pair.a.roleIs('active');
  await pair.b.start(config('secondary', 'one'));
  await pair.b.roleIs('standby');

  await pair.b.load(config('secondary', 'other'));
  await pair.b.roleIs('active', 15_000);
  // keepalived drops adverts it cannot trust, so each side is alone: the address itself is asked for on the wire.
  await until(
    'the second holder is found',
    () => pair.a.events.some((event) => event.kind === 'split-brain'),
    15_000,
  );
  await pair.b.load(config('secondary', 'one'));
  await pair.b.roleIs('standby', 15_000);
  assert.deepEqual([pair.a.holds(VIP), pair.b.holds(VIP)], [true, false]);
});

test('IPv6 and a virtual MAC: the VIPs of both families answer', async () => {
  const more = ', use_vmac: true';
  const config = (role: 'primary' | 'secondary') =>
    pairConfig(role, more).replace(
      'vips: [',
      'vips: [{ name: six, address: "2001:db8::10/128", group: pair }, ',
    );
  await pair.a.start(config('primary'));
  await pair.a.roleIs('active');
  await pair.b.start(config('secondary'));
  await pair.b.roleIs('standby');

  for (const vip of [VIP, '2001:db8::10']) {
    const probe = await PingProbe.start(pair.client, vip);
    await probe.stop();
  }
  assert.match(pair.a.host.ip('-o', 'address', 'show', 'dev', 'vrrp.51'), /192\.0\.2\.10\/32/);
  assert.deepEqual((await pair.a.status()).troubles, []);
});

test('two hundred groups on one interface, each with an id of its own', async () => {
  const count = 200;
  const vips = Array.from(
    { length: count },
    (_, i) => `{ name: v${i}, address: 10.9.${i}.1/32, group: g${i} }`,
  );
  const groups = Array.from(
    { length: count },
    (_, i) => `    - { name: g${i}, vrid: ${i + 1}, advert: 1s, priority: { primary: 250, secondary: 200 } }`,
  );
  const config = `
node: { name: lb-a, role: primary }
network: { frontend: { interface: eth0 } }
vips: [${vips.join(', ')}]
listeners: [{ name: web, vip: v0, port: 80, members: [{ address: 192.0.2.21 }] }]
ha:
  groups:
${groups.join('\n')}
`;
  await pair.a.start(config);
  await pair.a.roleIs('active', 30_000);

  assert.equal((await pair.a.status()).groups.length, count);
  assert.equal((pair.a.host.ip('-o', 'address', 'show').match(/10\.9\.\d+\.1\/32/g) ?? []).length, count);
});
