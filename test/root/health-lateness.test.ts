// The main thread parses five megabytes of JSON again and again, and no check begins more than 20 ms late.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Health } from '../../src/health/health.ts';
import { LATENCY_BOUNDS_MS } from '../../src/health/latency.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { buildIntent, buildMember, buildPool, TCP_CHECK } from '../fixtures/build-intent.ts';

const BUSY_MS = 1000;
const ROUNDS = 10;
const MEMBERS = 20;
const INTERVAL_MS = 50;
const LATE_MS = 20;
const LATE_BUCKET = LATENCY_BOUNDS_MS.indexOf(LATE_MS) + 1;

test('no check is late by more than 20 ms while the main thread parses five megabytes of JSON', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const health = new Health({ clock: systemClock, onChange: () => {} });
  const members = Array.from({ length: MEMBERS }, (_, i) => ({
    ...buildMember('127.0.0.1', { name: `m${i}`, port }),
    // Each its own question: equal ones would share a probe.
    checks: [{ ...TCP_CHECK, intervalMs: INTERVAL_MS, fastIntervalMs: INTERVAL_MS, timeoutMs: 50 + i }],
  }));
  health.setIntent(buildIntent({ pools: [buildPool('web', members)] }));
  const text = JSON.stringify(Array.from({ length: 60_000 }, (_, i) => ({ index: i, text: 'x'.repeat(60) })));
  assert.ok(text.length > 5_000_000);
  await sleep(1000);

  // Other programs of the machine make checks late now and then; one that needed this thread would be late in every round.
  const rounds: number[] = [];
  while (rounds.length < ROUNDS && rounds.at(-1) !== 0) rounds.push(await lateWhileBusy(health, text));
  await health.close();
  server.close();

  assert.equal(rounds.at(-1), 0, `later than ${LATE_MS} ms, by round: ${rounds.join(', ')}`);
});

/** How many checks began too late in a second that left the main thread no turn. */
async function lateWhileBusy(health: Health, text: string): Promise<number> {
  const before = (await health.stats()).late;
  const started = performance.now();
  while (performance.now() - started < BUSY_MS) JSON.parse(text);
  const after = (await health.stats()).late;
  assert.ok(after.count - before.count > (MEMBERS * BUSY_MS) / INTERVAL_MS / 2, 'checks go on');
  return after.buckets
    .slice(LATE_BUCKET)
    .reduce((sum, count, i) => sum + count - before.buckets[LATE_BUCKET + i]!, 0);
}
