// TrialClock over a restart: what is left of a trial does not follow a clock that was set, and is never more than was asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BootTime } from '../../../kernel/boot-time.ts';
import { PinAndTrial } from './pin-and-trial.ts';
import { TrialClock } from './trial-clock.ts';

const NOON = 1_795_000_000_000;
const HOUR = 3_600_000;

/** A trial of `withinMs`, a restart, and where the clocks stand then. */
async function resumed(
  withinMs: number,
  then: { readonly nowMs: number; readonly up: BootTime | undefined },
): Promise<{ readonly leftMs: number; readonly isOver: boolean }> {
  const kept = new Map<string, unknown>();
  const memory = {
    recall: <T>(name: string) => kept.get(name) as T | undefined,
    remember: (name: string, value: unknown) => void kept.set(name, structuredClone(value)),
  };
  const first = new TrialClock({
    special: new PinAndTrial(memory),
    nowMs: () => NOON,
    bootTime: () => ({ boot: 'one', upMs: 1000 }),
    onOver: () => undefined,
  });
  first.begin(2, 1, { author: 'test', reason: 'test', confirmWithinMs: withinMs });
  first.close();
  let isOver = false;
  const special = new PinAndTrial(memory);
  const second = new TrialClock({
    special,
    nowMs: () => then.nowMs,
    bootTime: () => then.up,
    onOver: () => {
      isOver = true;
    },
  });
  second.resume(2);
  await sleep(20);
  second.close();
  return { leftMs: (special.trial?.untilMs ?? 0) - then.nowMs, isOver };
}

test('resume() goes by the time the machine is up, whatever the clock was set to', async () => {
  const up = { boot: 'one', upMs: 11_000 };
  for (const nowMs of [NOON + 10_000, NOON - HOUR, NOON + HOUR])
    assert.deepEqual(await resumed(60_000, { nowMs, up }), { leftMs: 50_000, isOver: false });
  const late = { boot: 'one', upMs: 90_000 };
  assert.deepEqual(await resumed(60_000, { nowMs: NOON - HOUR, up: late }), { leftMs: 0, isOver: true });
});

test('resume() after the machine started anew lasts no longer than was asked for', async () => {
  const up = { boot: 'two', upMs: 5000 };
  for (const [nowMs, leftMs] of [
    [NOON + 20_000, 40_000],
    [NOON - HOUR, 60_000],
  ] as const)
    assert.equal((await resumed(60_000, { nowMs, up })).leftMs, leftMs);
  assert.equal((await resumed(60_000, { nowMs: NOON - HOUR, up: undefined })).leftMs, 60_000);
  assert.equal((await resumed(60_000, { nowMs: NOON + HOUR, up })).isOver, true);
});
