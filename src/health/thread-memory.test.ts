import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildIntent, buildMember, buildPool, TCP_CHECK } from '../../test/fixtures/build-intent.ts';
import { systemClock } from '../lib/clock.ts';
import { Health } from './health.ts';
import { threadMemoryMb } from './thread-memory.ts';

const MB = 1024 * 1024;
/** Each waits for 50 s at most: a thread short of memory does little but collect before it ends. */
const TRIES = 2500;

test('threadMemoryMb() is half of what the process may have, and a gigabyte where nobody says', () => {
  assert.deepEqual([0, 2 ** 63, 512 * MB, 1].map(threadMemoryMb), [1024, 1024, 256, 1]);
});

test('a checking thread without memory ends with a reason, and not the process; with less to do it checks again', async () => {
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '0.0.0.0');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const check = { ...TCP_CHECK, intervalMs: 2000, fastIntervalMs: 2000 };
  const intentOf = (count: number) => {
    const members = Array.from({ length: count }, (_, i) =>
      buildMember(`127.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`, { name: `m${i}`, port }),
    );
    return buildIntent({ pools: [buildPool('web', members, { checks: [check] })] });
  };
  const faults: string[] = [];
  const health = new Health({
    clock: systemClock,
    memoryMb: 28,
    onChange: () => {},
    onFault: (error) => faults.push(error.message),
  });
  try {
    health.setIntent(intentOf(40_000));
    for (let i = 0; i < TRIES && faults.length === 0; i++) await sleep(20);
    assert.match(faults[0] ?? 'no fault', /^Cannot check within 28 MB: raise the memory limit/);

    health.setIntent(intentOf(1));
    const state = () => health.health().get('web/m0')?.state;
    for (let i = 0; i < TRIES && state() !== 'up'; i++) await sleep(20);
    assert.equal(state(), 'up');
  } finally {
    await health.close();
    server.close();
  }
});
