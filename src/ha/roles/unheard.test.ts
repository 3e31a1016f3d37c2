// Standing back from a second master that does not hear us.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Unheard } from './unheard.ts';

test('Unheard stands back after three adverts that came one interval after the other', () => {
  const unheard = new Unheard();

  assert.deepEqual(
    [0, 100, 200].map((ms) => unheard.hear(ms, 100)),
    [false, false, true],
  );
  assert.equal(unheard.hear(300, 100), false);
  assert.equal(unheard.standsBack, true);
});

test('Unheard does not take two or many adverts of one moment for a second master', () => {
  const unheard = new Unheard();

  assert.ok(![0, 1, 1, 2, 101].some((ms) => unheard.hear(ms, 100)));
  assert.equal(unheard.standsBack, false);
});

test('Unheard counts anew after a silence as long as VRRP needs to call a master dead', () => {
  const unheard = new Unheard();

  assert.ok(![0, 100, 450, 550, 900].some((ms) => unheard.hear(ms, 100)));
});

test('Unheard is due after ten seconds, then after twice as long, and after ten again once it went well', () => {
  const unheard = new Unheard();
  const clash = (ms: number) => [0, 100, 200].forEach((more) => void unheard.hear(ms + more, 100));
  clash(0);
  assert.deepEqual([unheard.isDue(10_199), unheard.isDue(10_200)], [false, true]);

  unheard.end();
  assert.equal(unheard.isDue(10_200), false);
  clash(11_000);
  assert.deepEqual([unheard.isDue(31_199), unheard.isDue(31_200)], [false, true]);

  unheard.end();
  clash(100_000);
  assert.equal(unheard.isDue(110_200), true);
});
