// Members fall silent one after another: the time until the board says down, and until the data plane has weight 0.
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../../src/engine/engine.ts';
import { Health } from '../../src/health/health.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Driver } from '../../src/model/driver.ts';
import type { Listener } from '../../src/model/listener.ts';
import { ALL_ENGINES } from '../../src/plan/assumed-facts.ts';
import { median, type Row, row } from '../report.ts';
import { addressOf, FALL, httpCheck, intentOf, type Members } from './members.ts';

export const TRIALS = 200;
const INTERVAL_MS = 500;
const TIMEOUT_MS = 250;
/** A ring of 65,521 slots for 200 members in one pool takes some 5 ms more; most pools are of this size. */
const PER_POOL = 10;
export const DETECTION = `fall ${FALL} x ${INTERVAL_MS} ms + timeout ${TIMEOUT_MS} ms, http`;

export async function detectionRows(
  driver: Driver,
  members: Members,
  listener: Partial<Listener> = {},
): Promise<Row[]> {
  const intent = intentOf(TRIALS, members.httpPort, httpCheck(INTERVAL_MS, TIMEOUT_MS), {
    ...listener,
    perPool: PER_POOL,
  });
  const acted = new Map<string, number>();
  const health = new Health({ clock: systemClock, onChange: () => engine.wake('facts') });
  const engine = new Engine({
    drivers: [driver],
    intents: { load: async () => ({ ok: true, intent, hash: 'bench' }) },
    facts: {
      read: () => ({
        nowMs: Date.now(),
        engines: ALL_ENGINES,
        roles: new Map(),
        health: health.health(),
        overrides: new Map(),
        quorum: new Map(),
      }),
    },
    clock: systemClock,
    random: { next: Math.random },
    events: {
      emit(event) {
        if (event.kind === 'member-changed' && event.to === 'CheckFailed')
          acted.set(event.member, performance.timeOrigin + performance.now());
      },
    },
  });
  health.setIntent(intent);
  engine.start();
  await sleep(INTERVAL_MS * 4);
  const muted = new Map<string, number>();
  for (let i = 0; i < TRIALS; i++) {
    muted.set(`m${i}`, performance.timeOrigin + performance.now());
    members.mute(addressOf(i));
    // Anywhere in the beat, not always at the same point of it.
    await sleep(10 + Math.random() * 20);
  }
  await sleep((FALL + 2) * INTERVAL_MS);
  const told = new Map([...health.health()].map(([key, one]) => [key.slice(key.indexOf('/') + 1), one]));
  const rows = engine.status()?.listeners.flatMap((listener) => listener.members) ?? [];
  const sent = new Map(rows.map(({ name, observedWeight }) => [name, observedWeight]));
  const detected: number[] = [];
  const reaction: number[] = [];
  for (const [name, at] of muted) {
    const one = told.get(name);
    const end = acted.get(name);
    if (one?.state !== 'down' || end === undefined)
      throw new Error(`Cannot time ${name} as it was not seen down`);
    if (sent.get(name) !== 0) throw new Error(`Cannot time ${name} as ${driver.name} still sends to it`);
    detected.push(one.sinceMs - at);
    // Taken in the checking thread when the last failing check ended.
    reaction.push(end - one.sinceMs);
  }
  await engine.close();
  await health.close();
  const bound = FALL * INTERVAL_MS + TIMEOUT_MS;
  return [
    row(`detection, ${TRIALS} trials: worst`, Math.max(...detected), 'ms', `<= ${Math.round(bound * 1.1)}`),
    row(`detection, ${TRIALS} trials: median`, median(detected), 'ms', `<= ${bound}`),
    row(`failing check to weight 0 on ${driver.name}: median`, median(reaction), 'ms', '< 10'),
    row('  9 of 10 within', quantile(reaction, 0.9), 'ms', '< 10'),
    row('  worst', Math.max(...reaction), 'ms', '< 10'),
  ];
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]!;
}
