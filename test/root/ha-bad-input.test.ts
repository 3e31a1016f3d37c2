// What goes wrong on the other side or beside us: another VRID, TTL or MTU, a peer that flaps, clocks that jump, keepalived
// missing or too old. No double active for longer than it takes to see it, a clear word, and everything mends by itself.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { DaemonNode } from '../../lab/daemon-node.ts';
import { fakeTime, fakeTimeLibrary, moveClock } from '../../lab/fake-time.ts';
import { buildPair, inFamilyOf, type Pair, pairConfig, VIP, VIP6 } from '../../lab/ha-pair.ts';
import { PingProbe } from '../../lab/ping-probe.ts';
import { until } from '../../lab/until.ts';
import { mendVrrp, spoilVrrp } from '../../lab/vrrp-filter.ts';

/** Penalties of damping build up with the third; HA_CUTS=30 is a whole minute of it. */
const CUTS = Number(process.env.HA_CUTS ?? 10);
const DETECTION_MS = 350;
/** Who stands back looks again after ten seconds, every three. */
const LOOK_AGAIN_MS = 20_000;

let pair: Pair;
beforeEach(() => {
  pair = buildPair('habad');
});
afterEach(() => pair.close());

const roles = (node: Pair['a']): number => node.moves.length;

for (const vip of [VIP, VIP6])
  test(`another VRID on the peer, ${vip}: both carry the address, that is told within six seconds, and the right one ends it`, async () => {
    const config = (role: 'primary' | 'secondary'): string => inFamilyOf(vip, pairConfig(role));
    await pair.a.start(config('primary'));
    await pair.a.roleIs('active');
    await pair.b.start(config('secondary').replace('vrid: 51', 'vrid: 52'));
    await pair.b.roleIs('active');

    await until(
      'a word of the second holder',
      () => [pair.a, pair.b].some(({ events }) => events.some((event) => event.kind === 'split-brain')),
      6000,
    );
    const told = async (): Promise<string> => (await pair.a.status()).troubles.join();
    await until('the status to say so', async () => /^pair: split brain: .* answers for/.test(await told()));
    await pair.b.load(config('secondary'));

    await pair.b.roleIs('standby');
    await pair.a.roleIs('active');
    const holders = [pair.a, pair.b].filter((node) => node.holds(vip));
    assert.equal(holders.length, 1);
    await until('the status to be clean', async () => (await told()) === '');
  });

test('another VRID written by hand into our configuration of keepalived: it is put back at once, and one node carries the address', async () => {
  const { a, b } = pair;
  await a.start(pairConfig('primary'));
  await a.roleIs('active');
  await b.start(pairConfig('secondary'));
  await b.hearsAMaster();
  const file = join(a.dir, 'run/vrrp/keepalived.conf');
  const ours = readFileSync(file, 'utf8');

  writeFileSync(file, ours.replace('virtual_router_id 51', 'virtual_router_id 77'));
  process.kill((await a.status()).keepalivedPid!, 'SIGHUP');

  await until('our own words', () => readFileSync(file, 'utf8') === ours, 3000);
  await until('a word of it', () =>
    a.events.some((event) => event.kind === 'trouble' && /somebody changed/.test(event.detail)),
  );
  await b.roleIs('standby');
  await a.roleIs('active');
  assert.deepEqual([a.holds(VIP), b.holds(VIP)], [true, false]);
});

test('a link that is down and a script that fails are told as what they are', async () => {
  const { a } = pair;
  const flag = join(a.dir, 'flag');
  const script = join(a.dir, 'look.sh');
  writeFileSync(flag, '');
  writeFileSync(script, `#!/bin/sh\n[ -e ${flag} ]\n`, { mode: 0o700 });
  await a.start(pairConfig('primary', `, track: [{ kind: script, target: ${script}, weight: -100 }]`));
  await a.roleIs('active');
  const group = async () => (await a.status()).groups[0]!;

  rmSync(flag);
  await until('the priority to fall', async () => (await group()).priority === 150, 5000);
  writeFileSync(flag, '');
  await until('the priority to rise', async () => (await group()).priority === 250, 5000);
  a.host.ip('link', 'set', 'eth0', 'down');
  await a.roleIs('fault');
  assert.equal((await group()).detail, 'interface "eth0" is down');
});

test('adverts with another TTL than 255 come from no neighbour: a better node that sends them takes over from nobody, and is told of it', async () => {
  const { a, b } = pair;
  const of = (role: 'primary' | 'secondary', primary: number, secondary: number): string =>
    pairConfig(role).replace('primary: 250, secondary: 200', `primary: ${primary}, secondary: ${secondary}`);
  await a.start(of('primary', 100, 50));
  await a.roleIs('active');
  const before = roles(a);
  spoilVrrp(b.host, 'ttl');

  await b.start(of('secondary', 254, 200));
  await b.roleIs('active');
  // It hears the other one, which does not listen to it: so it is the one that leaves.
  await b.roleIs('standby');
  assert.equal((await b.status()).groups[0]?.reason, 'SplitBrain');
  assert.equal(roles(a), before);
  mendVrrp(b.host);

  await a.roleIs('standby', LOOK_AGAIN_MS);
  await b.roleIs('active');
});

test('a peer with a smaller MTU hears the adverts of thirty addresses, and takes over', async () => {
  const { a, b } = pair;
  b.host.ip('link', 'set', 'eth0', 'mtu', '256');
  const more = Array.from(
    { length: 30 },
    (_, i) => `{ name: v${i}, address: 10.9.${i}.1/32, group: pair }, `,
  );
  const config = (role: 'primary' | 'secondary'): string =>
    pairConfig(role).replace('vips: [', `vips: [${more.join('')}`);
  await a.start(config('primary'));
  await a.roleIs('active');
  await b.start(config('secondary'));

  await b.hearsAMaster();
  pair.cut('a', true);
  await b.roleIs('active');
  pair.cut('a', false);
  await b.roleIs('standby');
  assert.deepEqual((await b.status()).troubles, []);
});

test('clocks that jump by a day and back move no role and lose no request', async () => {
  const library = fakeTimeLibrary();
  assert.ok(library !== undefined, 'libfaketime is missing: run "make setup"');
  const nodes = [pair.a, pair.b];
  const file = (node: Pair['a']): string => join(node.dir, 'clock');
  for (const node of nodes) {
    moveClock(file(node), 0);
    node.env = fakeTime(library, file(node));
  }
  await pair.a.start(pairConfig('primary'));
  await pair.a.roleIs('active');
  await pair.b.start(pairConfig('secondary'));
  await pair.b.roleIs('standby');
  const sinceMs = async (): Promise<number> => (await pair.a.status()).groups[0]!.sinceMs;
  const firstMs = await sinceMs();
  await sleep(1000);
  const before = nodes.map(roles);
  const probe = await PingProbe.start(pair.client, VIP);

  for (const seconds of [86_400, -86_400, 0]) {
    for (const node of nodes) moveClock(file(node), seconds);
    // Everybody sees the time of its own machine.
    await until(
      'the clock to jump',
      async () => Math.abs((await sinceMs()) - firstMs - seconds * 1000) < 5000,
    );
    await sleep(1000);
  }
  await probe.answered();
  await probe.stop();

  assert.deepEqual(nodes.map(roles), before);
  assert.deepEqual(probe.outages(), []);
  for (const node of nodes) assert.deepEqual((await node.status()).troubles, []);
});

test('an address that somebody adds on the standby is taken off within five seconds, and the active one keeps its own', async () => {
  await pair.a.start(pairConfig('primary'));
  await pair.b.start(pairConfig('secondary'));
  await pair.a.roleIs('active');
  await pair.b.roleIs('standby');
  await sleep(2500);

  for (const prefix of [32, 24]) {
    pair.b.host.ip('address', 'add', `${VIP}/${prefix}`, 'dev', 'eth0');
    await until('the address to go', () => !pair.b.holds(VIP), 5000);
  }
  assert.ok(pair.a.holds(VIP));
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

test('keepalived is missing, then too old: the node stands back and says why; with a newer one it serves without being told', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'habad-'));
  mkdirSync(join(dir, 'bin'));
  const node = new DaemonNode(pair.lab, pair.a.host, join(dir, 'node'));
  node.env = { PATH: `${join(dir, 'bin')}:/usr/bin:/bin` };
  try {
    await node.start(pairConfig('primary', '', 'engine: memory\n'));
    await until('its word', async () => (await node.ha()).troubles.some((one) => /keepalived/.test(one)));
    const { groups, troubles } = await node.ha();
    assert.equal(groups[0]?.role, 'standby');
    assert.match(troubles.join(), /Cannot run VRRP as keepalived is not installed\. Install keepalived/);

    const program = join(dir, 'bin/keepalived');
    const tooOld = '#!/bin/sh\n[ "$1" = --version ] || exec /usr/sbin/keepalived "$@"\n';
    writeFileSync(program, `${tooOld}echo 'Keepalived v1.3.5 (03/19,2017)' >&2\n`, { mode: 0o755 });
    const needed = /Cannot run VRRP as keepalived 1\.3\.5 is too old: 2\.0\.19 or newer is needed/;
    await until('its word', async () => needed.test((await node.ha()).troubles.join()), 20_000);

    rmSync(program);
    symlinkSync('/usr/sbin/keepalived', program);
    await node.roleIs('active', 20_000);
    assert.deepEqual((await node.ha()).troubles, []);
    await node.terminate();
  } finally {
    await node.kill();
    node.removeFiles();
    rmSync(dir, { recursive: true });
  }
});
