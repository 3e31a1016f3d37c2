import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../lib/clock.ts';
import { Schedule } from './schedule.ts';

function setUp(options: { random?: () => number; maxRunning?: number; durationMs?: number } = {}) {
  const clock = new FakeClock();
  const starts: { key: string; at: number; lateMs: number }[] = [];
  const doubts = new Map<string, boolean>();
  const schedule: Schedule = new Schedule({
    clock,
    random: options.random ?? (() => 0),
    maxRunning: options.maxRunning ?? 1000,
    start(key, lateMs) {
      starts.push({ key, at: clock.monotonicMs(), lateMs });
      clock.after(options.durationMs ?? 10, () => schedule.finished(key, doubts.get(key) ?? false));
    },
  });
  return { clock, schedule, starts, doubts };
}

describe('Schedule', () => {
  it('keeps a steady beat whatever a check takes', async () => {
    const { clock, schedule, starts } = setUp({ durationMs: 70 });
    schedule.set({ key: 'a', intervalMs: 100, fastIntervalMs: 20 });

    await clock.advance(450);

    assert.deepEqual(
      starts.map((start) => start.at),
      [0, 100, 200, 300, 400],
    );
  });

  it('skips beats of a check longer than its interval and never runs it twice at once', async () => {
    const { clock, schedule, starts } = setUp({ durationMs: 250 });
    schedule.set({ key: 'a', intervalMs: 100, fastIntervalMs: 20 });

    await clock.advance(600);

    assert.deepEqual(
      starts.map((start) => start.at),
      [0, 250, 500],
    );
  });

  it('beats faster while in doubt', async () => {
    const { clock, schedule, starts, doubts } = setUp();
    doubts.set('a', true);
    schedule.set({ key: 'a', intervalMs: 100, fastIntervalMs: 20 });
    await clock.advance(65);
    doubts.set('a', false);

    await clock.advance(200);

    assert.deepEqual(
      starts.map((start) => start.at),
      [0, 20, 40, 60, 160, 260],
    );
  });

  it('spreads the first starts over one interval', async () => {
    let seed = 0;
    const { clock, schedule, starts } = setUp({ random: () => (seed++ % 100) / 100, durationMs: 1 });
    for (let i = 0; i < 100; i++) schedule.set({ key: `p${i}`, intervalMs: 1000, fastIntervalMs: 1000 });

    await clock.advance(999);

    assert.equal(starts.length, 100);
    const perTenth = Array.from(
      { length: 10 },
      (_, tenth) => starts.filter(({ at, lateMs }) => Math.floor((at - lateMs) / 100) === tenth).length,
    );
    assert.deepEqual(perTenth, Array(10).fill(10));
  });

  it('starts together what falls due within eight milliseconds, and nothing later than that', async () => {
    let seed = 0;
    const { clock, schedule, starts } = setUp({ random: () => seed++ / 100, durationMs: 1 });
    for (let i = 0; i < 100; i++) schedule.set({ key: `p${i}`, intervalMs: 100, fastIntervalMs: 100 });

    // What is due at 97 to 99 starts with 104.
    await clock.advance(99);

    const times = [...new Set(starts.map(({ at }) => at))];
    assert.equal(starts.length, 97);
    assert.deepEqual(
      times,
      times.map((_, i) => i * 8),
    );
    assert.ok(starts.every(({ lateMs }) => lateMs < 8));
  });

  it('waits twice as long for more of those whose interval is long', async () => {
    let seed = 0;
    const { clock, schedule, starts } = setUp({ random: () => seed++ / 1000, durationMs: 1 });
    for (let i = 0; i < 1000; i++) schedule.set({ key: `p${i}`, intervalMs: 1000, fastIntervalMs: 1000 });

    await clock.advance(992);

    const times = [...new Set(starts.map(({ at }) => at))];
    assert.deepEqual(
      times,
      times.map((_, i) => i * 16),
    );
    assert.ok(starts.every(({ lateMs }) => lateMs < 16));
  });

  it('waits no longer for those who are many already', async () => {
    const [clock, late]: [FakeClock, number[]] = [new FakeClock(), []];
    let seed = 0;
    const options = { clock, random: () => seed++ / 5000, maxRunning: 5000 };
    const schedule = new Schedule({ ...options, start: (_key, lateMs) => late.push(lateMs) });
    for (let i = 0; i < 5000; i++) schedule.set({ key: `p${i}`, intervalMs: 1000, fastIntervalMs: 1000 });

    await clock.advance(1000);

    assert.equal(late.length, 5000);
    assert.ok(Math.max(...late.slice(200)) <= 8, `${Math.max(...late.slice(200))} ms late`);
  });

  it('starts no more than the limit at once and lets the rest wait in order', async () => {
    const { clock, schedule, starts } = setUp({ maxRunning: 2, durationMs: 10 });
    for (const key of ['a', 'b', 'c', 'd']) schedule.set({ key, intervalMs: 1000, fastIntervalMs: 1000 });

    await clock.advance(50);

    assert.deepEqual(starts, [
      { key: 'a', at: 0, lateMs: 0 },
      { key: 'b', at: 0, lateMs: 0 },
      { key: 'c', at: 10, lateMs: 10 },
      { key: 'd', at: 10, lateMs: 10 },
    ]);
  });

  it('runs a hurried probe at once and a deleted one no more', async () => {
    const { clock, schedule, starts } = setUp({ random: () => 0.5 });
    schedule.set({ key: 'a', intervalMs: 1000, fastIntervalMs: 1000 });
    schedule.set({ key: 'b', intervalMs: 1000, fastIntervalMs: 1000 });

    schedule.hurry('a');
    schedule.delete('b');
    await clock.advance(600);

    assert.deepEqual(
      starts.map(({ key, at }) => [key, at]),
      [['a', 0]],
    );
  });
});
