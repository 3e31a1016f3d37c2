// BFD between the nodes for real: FRR's bfdd on both, and the address moves when one falls silent.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type FrrPair, startFrrPair } from '../../lab/frr-pair.ts';
import { bfdConfig, type Pair, VIP } from '../../lab/ha-pair.ts';
import { handOver } from '../../lab/hand-over.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { until } from '../../lab/until.ts';

let pair: FrrPair;

before(async () => {
  pair = await startFrrPair('habfd', ['zebra', 'bfdd'], bfdConfig);
});
after(() => pair.close());

test('Ha makes the preferred node active once the nodes see each other', async () => {
  const { a, b } = pair;
  // A session under load may need longer than the time after which silence counts.
  await until('both see each other', async () => {
    const seen = await Promise.all([a.status(), b.status()]);
    return seen.every(({ bfd }) => bfd.peer === true);
  });
  await a.roleIs('active');
  await b.roleIs('standby');

  assert.deepEqual((await a.status()).troubles, []);
});

test('a node that falls silent is replaced within 200 ms, by the peer that hears nothing of it', async () => {
  const { a, b, client } = pair;
  const probe = await PingProbe.start(client, VIP);

  const atMs = Date.now();
  a.host.ip('link', 'set', 'eth0', 'down');
  await b.roleIs('active');
  await probe.answered();
  const outage = probe.longestSince(atMs);
  await probe.stop();

  assert.ok(outage <= 200, `${outage} ms`);
});

test('a node that comes back is active again and the other gives way, with no more than 30 ms in between', async () => {
  const { a, b, client } = pair;
  const probe = await PingProbe.start(client, VIP);
  a.host.ip('link', 'set', 'eth0', 'up');

  await b.roleIs('standby');
  await a.roleIs('active');
  await probe.answered();
  await probe.stop();

  assert.ok(probe.longestSince(0) <= 30, JSON.stringify(probe.outages()));
});

test('Ha.handover() tells the peer by BFD, and no request is lost for more than 30 ms', async () => {
  const { left, longestMs } = await handOver(pair, VIP);

  assert.deepEqual(left, []);
  assert.ok(longestMs <= 30, `${longestMs} ms`);
});

test('a node with a fault looks dead to the other one, which takes over and gives it back when all is well, again and again', async () => {
  const { a, b, client } = pair;
  await a.call('maintenance', false);
  await a.roleIs('active', 30_000);
  await b.roleIs('standby');
  const probe = await PingProbe.start(client, VIP);

  // The other one leaves it on sight alone: a wait of one that failed too often would leave it to nobody.
  for (let i = 0; i < 4; i++) {
    await a.call('tell', { kind: 'fault', source: 'engine', message: 'the tables are gone' });
    await b.roleIs('active');
    await a.roleIs('fault');
    await probe.answered();
    await a.call('tell', { kind: 'fault', source: 'engine' });
    await a.roleIs('active', 30_000);
    await b.roleIs('standby');
    await probe.answered();
  }
  await probe.stop();

  assert.ok(probe.longestSince(0) <= 200, JSON.stringify(probe.outages()));
});

test('a busy main thread is no dead node: no session goes down in ten seconds of it', async () => {
  const { a, b } = pair;
  await a.call('maintenance', false);
  await a.roleIs('active', 30_000);
  await b.roleIs('standby');
  const changes = (node: Pair['a']): number => node.events.filter((event) => event.kind === 'role').length;
  const before = changes(a) + changes(b);

  await Promise.all([a.call('block', 10_000), b.call('block', 10_000)]);

  assert.deepEqual((await a.status()).bfd, { peer: true });
  assert.equal(changes(a) + changes(b), before);
});

test('bfdd killed: its node stands back, as the peer takes over; with another bfdd all is as before', async () => {
  const { a, b, client, frr } = pair;
  const probe = await PingProbe.start(client, VIP);

  const atMs = Date.now();
  process.kill(frr[0].pid('bfdd'), 'SIGKILL');
  await b.roleIs('active');
  await a.roleIs('fault');
  await probe.answered();
  const outage = probe.longestSince(atMs);
  assert.doesNotMatch(a.host.ip('-o', 'address', 'show', 'dev', 'eth0'), new RegExp(`${VIP}/`));
  assert.match((await a.status()).troubles.join(), /bfdd/);
  assert.ok(outage <= 200, `${outage} ms`);

  a.host.run('rm', '-f', `${frr[0].dir}/bfdd.vty`);
  await frr[0].run('bfdd');
  await a.roleIs('active', 30_000);
  await b.roleIs('standby');
  await probe.stop();
  assert.deepEqual((await a.status()).troubles, []);
});

test('another chooser by reload finds the node that carries the address: nothing moves, and no request is lost', async () => {
  const { a, b, client } = pair;
  const byName = (role: 'primary' | 'secondary'): string =>
    bfdConfig(role)
      .replace('bfd }', `static, initial_role: ${role === 'primary' ? 'active' : 'standby'} }`)
      .replace(/\n {2}bfd:.*/, '');
  const before = [a, b].map((node) => node.moves.length);
  const probe = await PingProbe.start(client, VIP);

  for (const configOf of [byName, bfdConfig]) {
    await a.load(configOf('primary'));
    await b.load(configOf('secondary'));
    await probe.answered();
  }
  await until('both to see each other', async () => {
    const seen = await Promise.all([a.status(), b.status()]);
    return seen.every(({ bfd }) => bfd.peer === true);
  });
  await probe.stop();

  assert.deepEqual(
    [a, b].map((node) => node.moves.length),
    before,
  );
  assert.deepEqual(probe.outages(), []);
});

test('a handover to nobody fails and changes nothing', async () => {
  const { a, b, client } = pair;
  await a.roleIs('active', 30_000);
  await b.roleIs('standby');
  b.host.ip('link', 'set', 'eth0', 'down');
  await until('the peer to be gone', async () => (await a.status()).bfd.peer === false);
  const probe = await PingProbe.start(client, VIP);

  assert.deepEqual(await a.call('handover'), ['pair']);

  await probe.answered();
  await probe.stop();
  const { maintenance, groups } = await a.status();
  assert.deepEqual([maintenance, groups[0]?.role], [false, 'active']);
  assert.ok(probe.longestSince(0) <= 30, JSON.stringify(probe.outages()));
});
