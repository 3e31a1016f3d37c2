// Rings as lists of member indexes: Maglev for mh and sh, interleaved turns for wrr. Pure; numbers come later.
import { textHash } from './hash.ts';

export interface RingMember {
  /** Places it in the ring; the same on every node. */
  readonly key: string;
  /** Above 0. */
  readonly weight: number;
}

/**
 * Primes, so that every step width walks the whole ring. About a hundred slots a member keep the collateral movement
 * of a change near half a percent; small listeners stay small, as ten thousand of them share one arena.
 */
export const RING_SIZES = [251, 509, 1021, 2039, 4093, 8191, 16_381, 32_749, 65_521, 131_071] as const;
const SLOTS_PER_MEMBER = 100;
/** From so many members on a larger ring is worth its memory: measured, 131,071 slots halve the movement at 400. */
const LARGE_FROM = 64;
const LARGEST_FROM = 256;

/** Large enough for the members, and for the smallest weight to get a slot of its own. */
export function ringSize(members: readonly RingMember[]): number {
  if (members.length >= LARGEST_FROM) return 131_071;
  if (members.length >= LARGE_FROM) return 65_521;
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  for (const { weight } of members) {
    sum += weight;
    least = Math.min(least, weight);
  }
  const wanted = Math.max(members.length * SLOTS_PER_MEMBER, sum / least);
  return RING_SIZES.find((size) => size >= wanted) ?? 131_071;
}

/** Slots by weight, summing to `size`, each within one of its exact share (largest remainders). */
export function apportion(weights: readonly number[], size: number): Uint32Array {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const slots = new Uint32Array(weights.length);
  const rests: { readonly index: number; readonly rest: number }[] = [];
  let given = 0;
  weights.forEach((weight, index) => {
    const exact = (weight * size) / sum;
    slots[index] = Math.floor(exact);
    given += slots[index]!;
    rests.push({ index, rest: exact - Math.floor(exact) });
  });
  rests.sort((a, b) => b.rest - a.rest || a.index - b.index);
  for (let i = 0; given < size; i++, given++) slots[rests[i % rests.length]!.index]!++;
  return slots;
}

/** Index + 1 of the member in each slot. Members must come in a fixed order (by key) for all nodes to agree. */
export function maglev(members: readonly RingMember[], size: number, seed: bigint): Uint16Array {
  const ring = new Uint16Array(size);
  const count = members.length;
  if (count === 0) return ring;
  const left = apportion(
    members.map((member) => member.weight),
    size,
  );
  const place = new Uint32Array(count);
  const step = new Uint32Array(count);
  members.forEach(({ key }, index) => {
    const [one, two] = textHash(key, seed);
    place[index] = one % size;
    step[index] = 1 + (two % (size - 1));
  });
  const most = left.reduce((a, b) => Math.max(a, b), 0);
  // Turns by credit: who has the most slots to fill takes one a round, the others in proportion.
  const target = left.slice();
  const credit = new Float64Array(count);
  let filled = 0;
  while (filled < size) {
    for (let i = 0; i < count && filled < size; i++) {
      credit[i] = credit[i]! + target[i]! / most;
      // A hair under 1 so that sums of fractions do not miss a turn.
      while (credit[i]! >= 0.999_999 && left[i]! > 0) {
        credit[i] = credit[i]! - 1;
        left[i] = left[i]! - 1;
        let at = place[i]!;
        const width = step[i]!;
        while (ring[at] !== 0) {
          at += width;
          if (at >= size) at -= size;
        }
        ring[at] = i + 1;
        at += width;
        place[i] = at >= size ? at - size : at;
        filled++;
      }
    }
  }
  return ring;
}

/** Longest sequence of wrr; beyond it weights are apportioned, each share within one turn. */
const TURNS_MAX = 4093;

/** As many as there may be, without working out how they divide. */
export function turnsAtMost(weights: readonly number[]): number {
  return Math.min(
    TURNS_MAX,
    weights.reduce((total, weight) => total + weight, 0),
  );
}

/** Turns of wrr in which members of one weight stand as far apart as can be (smooth weighted round robin). */
export function turns(weights: readonly number[]): Uint16Array {
  const divisor = weights.reduce(gcd, 0);
  let shares: readonly number[] = weights.map((weight) => weight / divisor);
  let size = shares.reduce((total, share) => total + share, 0);
  if (size > TURNS_MAX) {
    shares = [...apportion(weights, TURNS_MAX)];
    size = TURNS_MAX;
  }
  const out = new Uint16Array(size);
  const current = new Float64Array(shares.length);
  for (let turn = 0; turn < size; turn++) {
    let best = 0;
    for (let i = 0; i < shares.length; i++) {
      current[i] = current[i]! + shares[i]!;
      if (current[i]! > current[best]!) best = i;
    }
    current[best] = current[best]! - size;
    out[turn] = best + 1;
  }
  return out;
}

function gcd(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y !== 0) [x, y] = [y, x % y];
  return x;
}
