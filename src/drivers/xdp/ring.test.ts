import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { apportion, maglev, RING_SIZES, type RingMember, ringSize, turns } from './ring.ts';

const SEED = 0x5eed5eed5eed5eedn;

function members(count: number, weight = 1): RingMember[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `10.0.${index >> 8}.${index & 255}:80`,
    weight,
  }));
}

function sharesOf(ring: Uint16Array, count: number): number[] {
  const shares = new Array<number>(count).fill(0);
  for (const slot of ring) shares[slot - 1] = shares[slot - 1]! + 1;
  return shares;
}

/** Slots that moved although their member is still there, in percent of the ring. */
function collateral(before: readonly RingMember[], gone: number): number {
  const after = before.filter((_, index) => index !== gone);
  const size = ringSize(before);
  const old = maglev(before, size, SEED);
  const now = maglev(after, size, SEED);
  let moved = 0;
  for (let slot = 0; slot < size; slot++) {
    const was = before[old[slot]! - 1]!;
    if (was !== before[gone] && after[now[slot]! - 1] !== was) moved++;
  }
  return (moved / size) * 100;
}

test('maglev() gives every member its share, to a slot, whatever the weights', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 60 }), (weights) => {
      const list = weights.map((weight, index) => ({ key: `m${index}`, weight }));
      const size = ringSize(list);
      const sum = weights.reduce((a, b) => a + b, 0);
      const shares = sharesOf(maglev(list, size, SEED), weights.length);
      weights.forEach((weight, index) => {
        const error = Math.abs(shares[index]! - (weight * size) / sum);
        assert.ok(error <= 1, `weight ${weight} of ${sum} in ${size}: off by ${error}`);
      });
    }),
    { numRuns: 60 },
  );
});

test('maglev() of equal weights differs by at most one slot', () => {
  for (const count of [1, 2, 3, 7, 64, 400, 1000]) {
    const list = members(count);
    const shares = sharesOf(maglev(list, ringSize(list), SEED), count);
    assert.ok(Math.max(...shares) - Math.min(...shares) <= 1, `${count} members`);
  }
});

test('maglev() moves little beside what must move: N=100 at most 0.6 %, N=400 at most 1 %', () => {
  for (const [count, bound] of [
    [100, 0.6],
    [400, 1],
  ] as const) {
    const list = members(count);
    const gone = [0, 17, count >> 1, count - 1];
    const mean = gone.reduce((sum, one) => sum + collateral(list, one), 0) / gone.length;
    assert.ok(mean <= bound, `N=${count}: ${mean.toFixed(3)} %`);
  }
});

test('maglev() gives two nodes the same ring, and another seed another one', () => {
  const list = members(10);

  assert.deepEqual(maglev(list, 1021, SEED), maglev(members(10), 1021, SEED));
  assert.notDeepEqual(maglev(list, 1021, SEED), maglev(list, 1021, SEED + 1n));
});

test('maglev() of nobody is empty slots', () => {
  assert.ok(maglev([], 251, SEED).every((slot) => slot === 0));
});

test('ringSize() grows with members and with uneven weights', () => {
  assert.equal(ringSize(members(2)), 251);
  assert.equal(ringSize(members(3)), 509);
  assert.equal(ringSize(members(40)), 4093);
  assert.equal(ringSize(members(100)), 65_521);
  assert.equal(ringSize(members(1000)), 131_071);
  assert.equal(
    ringSize([
      { key: 'a', weight: 1 },
      { key: 'b', weight: 1000 },
    ]),
    1021,
  );
});

test('ring sizes are primes', () => {
  for (const size of RING_SIZES)
    for (let divisor = 2; divisor * divisor <= size; divisor++)
      assert.notEqual(size % divisor, 0, `${size} / ${divisor}`);
});

test('apportion() sums to the size and is off by less than one', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: 1, maxLength: 200 }),
      fc.constantFrom(...RING_SIZES),
      (weights, size) => {
        const slots = apportion(weights, size);
        const sum = weights.reduce((a, b) => a + b, 0);
        assert.equal(
          slots.reduce((a, b) => a + b, 0),
          size,
        );
        weights.forEach((weight, index) => {
          assert.ok(Math.abs(slots[index]! - (weight * size) / sum) < 1);
        });
      },
    ),
  );
});

test('turns() gives exact turns and no bursts', () => {
  assert.deepEqual([...turns([5, 1, 1])], [1, 1, 2, 1, 3, 1, 1]);
  assert.deepEqual([...turns([100, 100])], [1, 2]);
});

test('turns() of weights without a common divisor stays short', () => {
  const sequence = turns([65_535, 65_534, 1]);

  assert.ok(sequence.length <= 4093);
});
