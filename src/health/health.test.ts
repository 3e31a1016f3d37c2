import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIntent, buildMember, buildPool, TCP_CHECK } from '../../test/fixtures/build-intent.ts';
import { systemClock } from '../lib/clock.ts';
import type { HealthCheck } from '../model/health-check.ts';
import { Health } from './health.ts';

const CHECK: HealthCheck = {
  ...TCP_CHECK,
  intervalMs: 50,
  fastIntervalMs: 20,
  timeoutMs: 50,
  rise: 2,
  fall: 2,
  first: 'first',
};
/** Far more than a hundred answers take on any machine. */
const MOST_PARSES = 1000;
const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function listen(port = 0): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return server;
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** Waits for a condition on the health of one member, for at most twenty seconds. */
async function until(health: Health, member: string, state: string): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (health.health().get(member)?.state === state) return;
    await sleep(10);
  }
  assert.fail(`${member} did not become ${state}: ${JSON.stringify(health.health().get(member))}`);
}

describe('Health', () => {
  it('sees a real member come, go and come back, and wakes its owner for it', async () => {
    let server = await listen();
    const port = portOf(server);
    const woken: (readonly string[])[] = [];
    const health = new Health({ clock: systemClock, onChange: (members) => woken.push(members) });
    const member = buildMember('127.0.0.1', { port });
    health.setIntent(buildIntent({ pools: [buildPool('web', [member], { checks: [CHECK] })] }));
    const key = `web/${member.name}`;

    await until(health, key, 'up');
    server.close();
    await until(health, key, 'down');
    assert.equal(health.health().get(key)!.lastError, 'Connection refused');
    server = await listen(port);
    await until(health, key, 'up');
    await health.close();

    assert.ok(woken.every((members) => members.length === 0 || members[0] === key));
  });

  it('goes on checking while the main thread does nothing but parse five megabytes of JSON', async () => {
    const server = await listen();
    const health = new Health({ clock: systemClock, onChange: () => {} });
    const members = Array.from({ length: 20 }, (_, i) =>
      buildMember('127.0.0.1', { name: `m${i}`, port: portOf(server) }),
    );
    // Each its own question: equal ones would share a probe.
    const checks = members.map((member, i) => ({ ...member, checks: [{ ...CHECK, timeoutMs: 50 + i }] }));
    health.setIntent(buildIntent({ pools: [buildPool('web', checks)] }));
    await sleep(200);
    const text = JSON.stringify(
      Array.from({ length: 60_000 }, (_, i) => ({ index: i, text: 'x'.repeat(60) })),
    );
    assert.ok(text.length > 5_000_000);
    const answers = () => health.latencies().reduce((sum, { latency }) => sum + latency.count, 0);

    // No turn of the event loop from here on: a check that needed one would never be counted.
    const before = answers();
    let parses = 0;
    for (; parses < MOST_PARSES && answers() - before < 100; parses++) JSON.parse(text);
    const during = answers() - before;
    await health.close();

    assert.ok(during >= 100, `${during} answers during ${parses} parses`);
  });

  it('lets a wedged script delay no other check', async () => {
    const server = await listen();
    const health = new Health({ clock: systemClock, onChange: () => {} });
    const script: HealthCheck = {
      ...CHECK,
      type: 'script',
      command: ['/bin/sleep', '30'],
      environment: {},
      dynamicWeight: false,
      timeoutMs: 30_000,
    };
    const wedged = buildMember('127.0.0.1', { name: 'wedged', port: 1, checks: [script] });
    const well = buildMember('127.0.0.1', { name: 'well', port: portOf(server), checks: [CHECK] });
    health.setIntent(buildIntent({ pools: [buildPool('web', [wedged, well])] }));

    await until(health, 'web/well', 'up');
    let runs = 0;
    // The script ends after 30 s, this long before that.
    for (let i = 0; i < 1000 && runs < 10; i++) {
      await sleep(20);
      runs = (await health.stats()).runs;
    }
    await health.close();

    assert.equal(health.health().get('web/wedged')!.state, 'unknown');
    assert.ok(runs >= 10, `${runs} runs`);
  });

  it('believes a BFD session at once', async () => {
    const woken: (readonly string[])[] = [];
    const health = new Health({ clock: systemClock, onChange: (members) => woken.push(members) });
    const member = buildMember('192.0.2.1', {
      name: 'm',
      port: 80,
      checks: [{ ...CHECK, type: 'bfd', session: 'fast' }],
    });
    health.setIntent(buildIntent({ pools: [buildPool('web', [member])] }));
    const told = (up: boolean) => {
      health.tellBfd('fast', up);
      return health.health().get('web/m')!;
    };

    assert.equal(told(true).state, 'up');
    assert.equal(told(false).lastError, 'BFD session "fast" is down');
    assert.equal(told(true).state, 'up');
    await health.close();
    assert.deepEqual(woken, [['web/m'], ['web/m'], ['web/m']]);
  });
});
