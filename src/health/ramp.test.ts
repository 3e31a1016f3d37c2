import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextRampMs, rampAt } from './ramp.ts';

describe('rampAt()', () => {
  it('starts at a tenth and reaches all in ten steps', () => {
    const shares = [0, 999, 1000, 5000, 8999, 9000, 10_000, 99_999].map((elapsed) => rampAt(elapsed, 10_000));

    assert.deepEqual(shares, [0.1, 0.1, 0.2, 0.6, 0.9, 1, 1, 1]);
  });

  it('is off without a slow start, and survives a clock that went back', () => {
    assert.equal(rampAt(0, 0), 1);
    assert.equal(rampAt(-5000, 10_000), 0.1);
  });
});

describe('nextRampMs()', () => {
  it('names the wait until the next step, and none after the last', () => {
    assert.equal(nextRampMs(0, 10_000), 1000);
    assert.equal(nextRampMs(2300, 10_000), 700);
    assert.equal(nextRampMs(9000, 10_000), undefined);
    assert.equal(nextRampMs(0, 0), undefined);
  });
});
