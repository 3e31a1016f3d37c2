// How soon a health change reaches the data plane while the first apply of 10,000 listeners runs.
import { MemoryDriver } from '../src/drivers/memory/memory-driver.ts';
import { Engine } from '../src/engine/engine.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { MemberHealth } from '../src/model/facts.ts';
import type { Intent } from '../src/model/intent.ts';
import { ALL_ENGINES } from '../src/plan/assumed-facts.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
} from '../test/fixtures/build-intent.ts';
import { median, type Row, row } from './report.ts';

const LISTENERS = 10_000;
const TRIALS = 5;

function intentOf(count: number, seen: Intent | undefined): Intent {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const made = buildIntent({
    vips: [buildVip('v', '192.0.2.10'), buildVip('w', '192.0.2.11')],
    listeners: [
      buildListener('old', 'w', 80),
      ...numbers.map((i) => buildListener(`l${i}`, 'v', 1000 + i, { pool: `p${i}` })),
    ],
    pools: [
      buildPool('old', [buildMember('10.1.0.1', { name: 'm' })]),
      ...numbers.map((i) =>
        buildPool(
          `p${i}`,
          [1, 2, 3].map((m) => buildMember(`10.${2 + (i >> 8)}.${i & 255}.${m}`)),
        ),
      ),
    ],
  });
  if (seen === undefined) return made;
  // A reload gives what has not changed as the same objects or as equal ones; here as the same.
  const { listeners, pools } = made;
  return {
    ...made,
    listeners: new Map([...listeners, ...seen.listeners]),
    pools: new Map([...pools, ...seen.pools]),
  };
}

/** Milliseconds from the wake to the row of the data plane. */
async function trial(): Promise<number> {
  const driver = new MemoryDriver();
  const health = new Map<string, MemberHealth>();
  const small = intentOf(0, undefined);
  const big = intentOf(LISTENERS, small);
  let intent = small;
  const engine = new Engine({
    drivers: [driver],
    intents: { load: async () => ({ ok: true, intent, hash: String(intent.listeners.size) }) },
    facts: {
      read: () => ({
        nowMs: Date.now(),
        engines: ALL_ENGINES,
        roles: new Map(),
        health: new Map(health),
        overrides: new Map(),
        quorum: new Map(),
      }),
    },
    clock: systemClock,
    random: { next: Math.random },
    events: { emit: () => {} },
  });
  engine.start();
  await engine.idle();
  let [count, told, reached] = [0, 0, 0];
  const put = driver.plane.put.bind(driver.plane);
  driver.plane.put = (verb, wanted) => {
    // In the middle of the bulk, as a checking thread would: it only leaves its word.
    if (++count === 10_000)
      setImmediate(() => {
        health.set('old/m', { state: 'down', factor: 1, ramp: 1, sinceMs: 0 });
        told = performance.now();
        engine.wake('facts');
      });
    if (told > 0 && reached === 0 && wanted.key.includes('> 10.1.0.1')) reached = performance.now();
    put(verb, wanted);
  };
  intent = big;
  engine.wake('config');
  await engine.idle();
  await engine.close();
  if (reached === 0) throw new Error('the change never reached the data plane');
  return reached - told;
}

export async function overtakingRows(): Promise<readonly Row[]> {
  const times: number[] = [];
  for (let i = 0; i < TRIALS; i++) times.push(await trial());
  return [
    row('health change during an apply of 10,000 listeners, median', median(times), 'ms', '< 20'),
    row('the same, worst', Math.max(...times), 'ms', '< 20'),
  ];
}
