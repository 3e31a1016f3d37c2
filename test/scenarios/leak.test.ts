// Rounds without end: a real engine on the memory driver, with a world that changes in every round, whose heap must stand still.
// LEAK_ROUNDS makes it long (1,000,000 is the figure of the issue).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString, writeHeapSnapshot } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { MetricsPage } from '../../src/doors/metrics/metrics-page.ts';
import { EventRing } from '../../src/doors/rest/event-ring.ts';
import { buildIntent, buildListener, buildMember, buildPool, buildVip } from '../fixtures/build-intent.ts';
import { EngineControl } from '../fixtures/engine-control.ts';

const ROUNDS = Number(process.env.LEAK_ROUNDS ?? 3000);
/** Rings and histories are full after this many; what grows after them is a leak. */
const WARM = Math.min(ROUNDS / 2, 20_000);
const MOST_GROWTH_MB = 5;
const SCRAPE_EVERY = 1000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapMb(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}

test(`the heap stands still over ${ROUNDS} rounds`, { timeout: 3_600_000 }, async () => {
  const members = Array.from({ length: 8 }, (_, i) =>
    buildMember(`10.0.0.${i + 1}`, { name: `w${i}`, port: 80 }),
  );
  const control = await EngineControl.begin(
    buildIntent({
      vips: [buildVip('www', '192.0.2.10')],
      listeners: [buildListener('web', 'www', 80)],
      pools: [buildPool('web', members)],
    }),
  );
  const page = new MetricsPage(control, 50_000);
  const ring = new EventRing(0);
  const stop = control.onEvent((event) => ring.push(event));
  try {
    let warmMb = 0;
    for (let round = 0; round < ROUNDS; round++) {
      if (round === WARM) warmMb = heapMb();
      const state = round % 2 === 0 ? 'down' : 'up';
      // Another member each time, and words never seen before.
      control.healthFacts.set(`web/w${round % members.length}`, {
        state,
        factor: 1,
        ramp: 1,
        sinceMs: round,
        lastError: `error ${round}`,
      });
      await control.look();
      if (round % SCRAPE_EVERY === 0) await page.read();
    }
    const grownMb = heapMb() - warmMb;
    const done = control.status()?.round?.number ?? 0;
    assert.ok(done >= ROUNDS, `${done} rounds`);
    if (grownMb >= MOST_GROWTH_MB && process.env.LEAK_SNAPSHOT !== undefined)
      writeHeapSnapshot(process.env.LEAK_SNAPSHOT);
    assert.ok(
      grownMb < MOST_GROWTH_MB,
      `the heap grew by ${grownMb.toFixed(2)} MB after the first ${WARM} rounds`,
    );
    process.stdout.write(`# ${done} rounds, ${grownMb.toFixed(2)} MB since round ${WARM}\n`);
  } finally {
    stop();
    page.close();
    await control.close();
  }
});
