// The driven clock fires in order of time, and only when told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeClock, systemClock } from './clock.ts';

test('FakeClock stands still until advanced', async () => {
  const clock = new FakeClock(1000);
  const fired: number[] = [];
  clock.after(10, () => fired.push(clock.nowMs()));

  await clock.advance(9);
  assert.deepEqual([fired, clock.nowMs(), clock.pending()], [[], 1009, 1]);

  await clock.advance(1);
  assert.deepEqual([fired, clock.monotonicMs(), clock.pending()], [[1010], 1010, 0]);
});

test('FakeClock fires in order of time, then of asking, whatever the order of calls', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 12 }), async (delays) => {
      const clock = new FakeClock();
      const fired: [number, number][] = [];
      delays.forEach((delay, index) => {
        clock.after(delay, () => fired.push([clock.nowMs(), index]));
      });

      await clock.advance(50);

      const wanted = delays
        .map((delay, index): [number, number] => [delay, index])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      assert.deepEqual(fired, wanted);
    }),
    { numRuns: 40 },
  );
});

test('FakeClock fires what a callback or an awaited promise asks for in the same advance', async () => {
  const clock = new FakeClock();
  const fired: number[] = [];
  clock.after(10, async () => {
    fired.push(clock.nowMs());
    await Promise.resolve();
    clock.after(10, () => fired.push(clock.nowMs()));
  });

  await clock.advance(30);

  assert.deepEqual(fired, [10, 20]);
});

test('FakeClock forgets what was cancelled', async () => {
  const clock = new FakeClock();
  let fired = 0;
  const cancel = clock.after(5, () => fired++);
  cancel();
  cancel();

  await clock.advance(10);

  assert.equal(fired, 0);
});

test('FakeClock takes a negative delay for now', async () => {
  const clock = new FakeClock(5);
  let at = -1;
  clock.after(-3, () => {
    at = clock.nowMs();
  });

  await clock.advance(0);

  assert.equal(at, 5);
});

test('systemClock tells wall time and fires or cancels', async () => {
  assert.ok(Math.abs(systemClock.nowMs() - Date.now()) < 1000);
  const before = systemClock.monotonicMs();
  const fired = await new Promise<string>((resolve) => {
    const cancel = systemClock.after(0, () => resolve('cancelled one'));
    cancel();
    systemClock.after(1, () => resolve('right one'));
  });

  assert.equal(fired, 'right one');
  assert.ok(systemClock.monotonicMs() >= before);
});
