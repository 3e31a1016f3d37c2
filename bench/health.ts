// Health checking at scale: how many checks a second, how late they start, how soon a failure is seen and acted upon.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryDriver } from '../src/drivers/memory/memory-driver.ts';
import { Engine } from '../src/engine/engine.ts';
import { Health } from '../src/health/health.ts';
import { quantileMs } from '../src/health/latency.ts';
import { systemClock } from '../src/lib/clock.ts';
import type { HealthCheck } from '../src/model/health-check.ts';
import type { Intent } from '../src/model/intent.ts';
import type { Member } from '../src/model/pool.ts';
import { ALL_ENGINES } from '../src/plan/assumed-facts.ts';
import {
  buildIntent,
  buildListener,
  buildMember,
  buildPool,
  buildVip,
  TCP_CHECK,
} from '../test/fixtures/build-intent.ts';
import { machine, median, publish, type Row, row } from './report.ts';

const TIMING = { rise: 1, first: 'first', viaVip: false, timeoutMs: 1000 } as const;
const TRIALS = 200;
const FALL = 3;
const TRIAL_INTERVAL_MS = 500;
const TRIAL_TIMEOUT_MS = 250;

const members = spawn(process.execPath, [join(import.meta.dirname, 'health-members.ts')], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const [line] = (await once(createInterface(members.stdout), 'line')) as [string];
const [tcpPort, httpPort] = line.split(' ').map(Number) as [number, number];

/** `127.0.1.0` and on: each its own target, all on loopback. */
function addressOf(index: number): string {
  return `127.${1 + Math.floor(index / 62_500)}.${Math.floor(index / 250) % 250}.${1 + (index % 250)}`;
}

function intentOf(count: number, port: number, check: HealthCheck): Intent {
  const list = Array.from(
    { length: count },
    (_, i): Member => buildMember(addressOf(i), { name: `m${i}`, port }),
  );
  return buildIntent({
    vips: [buildVip('main', '192.0.2.10')],
    pools: [buildPool('web', list, { checks: [check] })],
    listeners: [buildListener('web', 'main', 80, { pool: 'web' })],
  });
}

function tcpCheck(intervalMs: number): HealthCheck {
  return { ...TCP_CHECK, ...TIMING, fall: FALL, intervalMs, fastIntervalMs: intervalMs };
}

function httpCheck(intervalMs: number, timeoutMs: number): HealthCheck {
  const requests = [
    { method: 'GET', path: '/', headers: {}, codes: [{ from: 200, to: 299 }], bodyInvert: false },
  ];
  return {
    ...TIMING,
    type: 'http',
    version: '1.1',
    requests,
    fall: FALL,
    intervalMs,
    fastIntervalMs: intervalMs,
    timeoutMs,
  };
}

interface Pace {
  readonly perSecond: number;
  readonly lateP99Ms: number;
  /** Of the whole process, as a share of one core. */
  readonly cpuPercent: number;
  readonly allUp: boolean;
}

/** Runs for `seconds` after one warm-up interval. */
async function pace(intent: Intent, intervalMs: number, seconds: number): Promise<Pace> {
  const health = new Health({ clock: systemClock, onChange: () => {} });
  health.setIntent(intent);
  await sleep(intervalMs + 500);
  const before = await health.stats();
  const cpuBefore = process.cpuUsage();
  const started = performance.now();
  await sleep(seconds * 1000);
  const after = await health.stats();
  const elapsedMs = performance.now() - started;
  const { user, system } = process.cpuUsage(cpuBefore);
  const late = {
    ...after.late,
    count: after.late.count - before.late.count,
    buckets: after.late.buckets.map((count, i) => count - before.late.buckets[i]!),
  };
  const allUp = [...health.health().values()].every((one) => one.state === 'up');
  await health.close();
  return {
    perSecond: ((after.runs - before.runs) / elapsedMs) * 1000,
    lateP99Ms: quantileMs(late, 0.99),
    cpuPercent: ((user + system) / 1000 / elapsedMs) * 100,
    allUp,
  };
}

async function paceRows(
  name: string,
  count: number,
  intervalMs: number,
  intent: Intent,
  cpuTarget: string,
): Promise<Row[]> {
  const { perSecond, lateP99Ms, cpuPercent, allUp } = await pace(intent, intervalMs, 10);
  if (!allUp) throw new Error(`Cannot quote "${name}" as some members were not seen up`);
  const wanted = Math.round((count / intervalMs) * 1000 * 0.99);
  return [
    row(`${name}: checks a second`, perSecond, '1/s', `>= ${wanted}`),
    row(`${name}: start delay p99`, lateP99Ms, 'ms', '< 20'),
    row(`${name}: one core`, cpuPercent, '%', cpuTarget),
  ];
}

/** Members fall silent one after another; the time until the board says down, and until the data plane has weight 0. */
async function detection(): Promise<Row[]> {
  const intent = intentOf(TRIALS, httpPort, httpCheck(TRIAL_INTERVAL_MS, TRIAL_TIMEOUT_MS));
  const driver = new MemoryDriver();
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
  await sleep(TRIAL_INTERVAL_MS * 4);
  const muted = new Map<string, number>();
  for (let i = 0; i < TRIALS; i++) {
    muted.set(`m${i}`, performance.timeOrigin + performance.now());
    members.stdin.write(`mute ${addressOf(i)}\n`);
    // Anywhere in the beat, not always at the same point of it.
    await sleep(10 + Math.random() * 20);
  }
  await sleep((FALL + 2) * TRIAL_INTERVAL_MS);
  const detected: number[] = [];
  const reaction: number[] = [];
  for (const [name, at] of muted) {
    const one = health.health().get(`web/${name}`);
    const end = acted.get(name);
    if (one?.state !== 'down' || end === undefined)
      throw new Error(`Cannot time ${name} as it was not seen down`);
    detected.push(one.sinceMs - at);
    // Taken in the checking thread when the last failing check ended.
    reaction.push(end - one.sinceMs);
  }
  await engine.close();
  await health.close();
  const bound = FALL * TRIAL_INTERVAL_MS + TRIAL_TIMEOUT_MS;
  return [
    row(`detection, ${TRIALS} trials: worst`, Math.max(...detected), 'ms', `<= ${Math.round(bound * 1.1)}`),
    row(`detection, ${TRIALS} trials: median`, median(detected), 'ms', `<= ${bound}`),
    row('failing check to weight 0 in the memory driver: median', median(reaction), 'ms', '< 10'),
    row('  9 of 10 within', quantile(reaction, 0.9), 'ms', '< 10'),
    row('  worst', Math.max(...reaction), 'ms'),
  ];
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)]!;
}

const rows = [
  ...(await paceRows('5,000 tcp at 1 s', 5000, 1000, intentOf(5000, tcpPort, tcpCheck(1000)), '< 50')),
  ...(await paceRows('2,000 http at 1 s', 2000, 1000, intentOf(2000, httpPort, httpCheck(1000, 1000)), '')),
  ...(await paceRows('20,000 tcp at 10 s', 20_000, 10_000, intentOf(20_000, tcpPort, tcpCheck(10_000)), '')),
  ...(await detection()),
];
members.stdin.end();
const conditions = {
  ...machine(),
  peer: 'none: keepalived ends at once on this kernel, which has no ip_vs',
  detection: `fall ${FALL} x ${TRIAL_INTERVAL_MS} ms + timeout ${TRIAL_TIMEOUT_MS} ms, http`,
};
process.exitCode = publish({ name: 'health', conditions, rows }) ? 0 : 1;
