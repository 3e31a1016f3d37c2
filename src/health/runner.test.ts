import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TCP_CHECK } from '../../test/fixtures/build-intent.ts';
import { FakeClock, settle } from '../lib/clock.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { CheckResult } from './judge.ts';
import { quantileMs } from './latency.ts';
import { LatencyTable } from './latency-table.ts';
import { ProbeRunner } from './runner.ts';

const CHECK: HealthCheck = {
  ...TCP_CHECK,
  intervalMs: 1000,
  fastIntervalMs: 100,
  rise: 2,
  fall: 3,
  first: 'first',
};
const TARGET = { address: '192.0.2.1', port: 80 };

function setUp(answer: (run: number) => boolean, times = new LatencyTable()) {
  const clock = new FakeClock();
  const changes: string[] = [];
  const runs: number[] = [];
  const runner = new ProbeRunner({
    clock,
    random: () => 0,
    maxRunning: 10,
    times,
    async run(): Promise<CheckResult> {
      runs.push(clock.monotonicMs());
      const ok = answer(runs.length);
      return ok
        ? { ok, latencyMs: 3, atMs: clock.nowMs() }
        : { ok, error: 'refused', latencyMs: 3, atMs: clock.nowMs() };
    },
    onChange: (key, state) =>
      changes.push(
        `${clock.nowMs()} ${key} ${state.verdict}${state.lastError === undefined ? '' : ` ${state.lastError}`}`,
      ),
  });
  return { clock, changes, runs, runner };
}

describe('ProbeRunner', () => {
  it('tells changes only, and beats faster while in doubt', async () => {
    const { clock, changes, runs, runner } = setUp((run) => run < 3);
    runner.set({ key: 'p', check: CHECK, target: TARGET });

    await clock.advance(4000);
    runner.close();

    assert.deepEqual(changes, ['0 p up', '2000 p up refused', '2200 p down refused']);
    assert.deepEqual(runs, [0, 1000, 2000, 2100, 2200, 3200]);
  });

  it('goes on from what was known', async () => {
    const { clock, changes, runner } = setUp(() => true);
    const state = {
      verdict: 'down',
      sinceMs: -500,
      against: 1,
      seen: 9,
      lastError: 'refused',
      changesMs: [],
    } as const;
    runner.set({ key: 'p', check: CHECK, target: TARGET, state });

    await clock.advance(0);
    runner.close();

    assert.deepEqual(changes, ['0 p up refused']);
  });

  it('drops the result of a probe that was deleted while it ran, and frees its place', async () => {
    const clock = new FakeClock();
    const changes: string[] = [];
    let stopped = false;
    const runner = new ProbeRunner({
      clock,
      random: () => 0,
      maxRunning: 1,
      run: (_check, target, stop) =>
        new Promise((resolve) => {
          if (target.port === 81) resolve({ ok: true, latencyMs: 0, atMs: 0 });
          stop.addEventListener('abort', () => {
            stopped = true;
            resolve({ ok: false, error: 'stopped', latencyMs: 0, atMs: 0 });
          });
        }),
      onChange: (key) => changes.push(key),
    });
    runner.set({ key: 'wedged', check: CHECK, target: TARGET });
    await clock.advance(0);
    runner.set({ key: 'next', check: CHECK, target: { ...TARGET, port: 81 } });

    runner.delete('wedged');
    await settle();
    await clock.advance(0);
    runner.close();

    assert.equal(stopped, true);
    assert.deepEqual(changes, ['next']);
  });

  it('counts runs and their latency', async () => {
    const times = new LatencyTable();
    const { clock, runner } = setUp(() => true, times);
    runner.set({ key: 'p', check: CHECK, target: TARGET, slot: times.take('p')! });
    await clock.advance(4500);

    const latency = times.of('p')!.snapshot();
    const stats = runner.stats();
    runner.close();

    assert.equal(stats.runs, 5);
    assert.equal(latency.count, 5);
    assert.equal(quantileMs(latency, 0.99), 3);
    assert.equal(stats.late.maxMs, 0);
  });
});
