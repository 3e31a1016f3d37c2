import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIntent, buildMember, buildPool, TCP_CHECK } from '../../test/fixtures/build-intent.ts';
import { systemClock } from '../lib/clock.ts';
import type { HealthCheck } from '../model/health-check.ts';
import { Health } from './health.ts';
import { quantileMs } from './latency.ts';

const CHECK: HealthCheck = {
  ...TCP_CHECK,
  intervalMs: 50,
  fastIntervalMs: 20,
  timeoutMs: 50,
  rise: 2,
  fall: 2,
  first: 'first',
};
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

/** Waits for a condition on the health of one member, for at most two seconds. */
async function until(health: Health, member: string, state: string): Promise<void> {
  for (let i = 0; i < 200; i++) {
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

  it('is not late while the main thread parses five megabytes of JSON', async () => {
    const server = await listen();
    const health = new Health({ clock: systemClock, onChange: () => {} });
    const members = Array.from({ length: 20 }, (_, i) =>
      buildMember('127.0.0.1', { name: `m${i}`, port: portOf(server) }),
    );
    const checks = members.map((member, i) => ({ ...member, checks: [{ ...CHECK, timeoutMs: 50 + i }] }));
    health.setIntent(buildIntent({ pools: [buildPool('web', checks)] }));
    await sleep(200);
    const text = JSON.stringify(
      Array.from({ length: 60_000 }, (_, i) => ({ index: i, text: 'x'.repeat(60) })),
    );
    assert.ok(text.length > 5_000_000);

    const from = await health.stats();
    await sleep(500);
    const quiet = await health.stats();
    const started = performance.now();
    let parses = 0;
    for (; performance.now() - started < 500; parses++) JSON.parse(text);
    const busy = await health.stats();
    await health.close();

    const lateIn = (a: typeof from, b: typeof from) => ({
      ...b.late,
      count: b.late.count - a.late.count,
      buckets: b.late.buckets.map((count, i) => count - a.late.buckets[i]!),
    });
    const quietly = lateIn(from, quiet);
    const busily = lateIn(quiet, busy);
    assert.ok(parses > 0 && busily.count > 60, `${busily.count} runs`);
    // The thread is blocked for half a second: checks on it would be late by a quarter of one in the middle. Other programs of
    // the machine make some late, before as during the parse.
    assert.ok(quantileMs(busily, 0.5) <= 20, `half are late by ${quantileMs(busily, 0.5)} ms`);
    const allowed = Math.max(100, 3 * quantileMs(quietly, 0.95));
    assert.ok(quantileMs(busily, 0.95) <= allowed, `p95 ${quantileMs(busily, 0.95)} of ${allowed} ms`);
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
    await sleep(300);
    const { runs } = await health.stats();
    await health.close();

    assert.equal(health.health().get('web/wedged')!.state, 'unknown');
    assert.ok(runs >= 6, `${runs} runs`);
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
