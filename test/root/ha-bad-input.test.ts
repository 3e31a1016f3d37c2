// What goes wrong on the other side or beside us: another VRID, a peer that flaps, keepalived missing and
// installed later. No double active for longer than it takes to see it, a clear word, and everything mends by itself.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonNode } from '../../lab/daemon-node.ts';
import { buildPair, type Pair, pairConfig, VIP } from '../../lab/ha-pair.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { until } from '../../lab/until.ts';

/** Penalties of damping build up with the third; HA_CUTS=30 is a whole minute of it. */
const CUTS = Number(process.env.HA_CUTS ?? 10);
const DETECTION_MS = 350;

let pair: Pair;
beforeEach(() => {
  pair = buildPair('habad');
});
afterEach(() => pair.close());

const roles = (node: Pair['a']) =>
  node.events.filter((event) => event.kind === 'role' && event.from !== event.fact.role).length;

test('another VRID on the peer: both carry the address, that is told within six seconds, and the right one ends it', async () => {
  await pair.a.start(pairConfig('primary'));
  await pair.a.roleIs('active');
  await pair.b.start(pairConfig('secondary').replace('vrid: 51', 'vrid: 52'));
  await pair.b.roleIs('active');

  await until(
    'a word of the second holder',
    () => [pair.a, pair.b].some(({ events }) => events.some((event) => event.kind === 'split-brain')),
    6000,
  );
  await pair.b.load(pairConfig('secondary'));

  await pair.b.roleIs('standby');
  await pair.a.roleIs('active');
  const holders = [pair.a, pair.b].filter(({ host }) => host.ip('-o', 'address', 'show').includes(`${VIP}/`));
  assert.equal(holders.length, 1);
});

test('an address that somebody adds on the standby is taken off within five seconds, and the active one keeps its own', async () => {
  await pair.a.start(pairConfig('primary'));
  await pair.b.start(pairConfig('secondary'));
  await pair.a.roleIs('active');
  await pair.b.roleIs('standby');
  const holds = ({ host }: Pair['a']) => host.ip('-o', 'address', 'show', 'dev', 'eth0').includes(` ${VIP}/`);
  await sleep(2500);

  for (const prefix of [32, 24]) {
    pair.b.host.ip('address', 'add', `${VIP}/${prefix}`, 'dev', 'eth0');
    await until('the address to go', () => !holds(pair.b), 5000);
  }
  assert.ok(holds(pair.a));
  assert.ok(pair.b.events.some((event) => event.kind === 'trouble' && event.what === `address ${VIP}`));
  assert.deepEqual((await pair.b.status()).troubles, []);
});

test('a peer that comes and goes every second: the address is answered, roles calm down, and all mends', async () => {
  await pair.a.start(pairConfig('primary'));
  await pair.b.start(pairConfig('secondary'));
  await pair.a.roleIs('active');
  await sleep(1000);
  const probe = await PingProbe.start(pair.client, VIP);
  let longestCut = 0;
  for (let cut = 0; cut < CUTS; cut++) {
    const fromMs = performance.now();
    pair.cut('a', true);
    await sleep(1000);
    pair.cut('a', false);
    longestCut = Math.max(longestCut, performance.now() - fromMs);
    await sleep(1000);
  }
  await pair.a.roleIs('active', 120_000);
  await pair.b.roleIs('standby', 120_000);
  await probe.answered();
  await probe.stop();

  // A cut costs the time to see it, or all of it where an announcement was lost; none costs more for the one before.
  const longest = probe.longestSince(0);
  assert.ok(longest <= longestCut + DETECTION_MS, `${longest} ms, and the longest cut was ${longestCut} ms`);
  assert.ok(roles(pair.b) <= 2 * CUTS + 2, `${roles(pair.b)} changes in ${CUTS} cuts`);
  assert.deepEqual((await pair.a.status()).troubles, []);
});

test('keepalived is missing: the node stands back and says why; installed, it serves without being told', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'habad-'));
  mkdirSync(join(dir, 'bin'));
  const node = new DaemonNode(pair.lab, pair.a.host, join(dir, 'node'));
  node.env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` };
  try {
    await node.start(pairConfig('primary', '', 'engine: memory\n'));
    await until('its word', async () => (await node.ha()).troubles.some((one) => /keepalived/.test(one)));
    const { groups, troubles } = await node.ha();
    assert.equal(groups[0]?.role, 'standby');
    assert.match(troubles.join(), /Cannot use the configuration for keepalived.*ENOENT/);

    symlinkSync('/usr/sbin/keepalived', join(dir, 'bin/keepalived'));

    await node.roleIs('active', 20_000);
    assert.deepEqual((await node.ha()).troubles, []);
    await node.terminate();
  } finally {
    await node.kill();
    node.removeFiles();
    rmSync(dir, { recursive: true });
  }
});
