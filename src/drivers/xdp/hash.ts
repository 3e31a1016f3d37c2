// The flow hash of bpf/hash.h, for tests and for telling which member a client would get.
import { toBytes } from '../../lib/ip.ts';

const MASK = (1n << 64n) - 1n;
export const MIX_1 = 0xbf58476d1ce4e5b9n;
const MIX_2 = 0x94d049bb133111ebn;

export type Seed = readonly [bigint, bigint];

/** splitmix64's finisher. */
export function mix(value: bigint): bigint {
  let x = value & MASK;
  x = ((x ^ (x >> 30n)) * MIX_1) & MASK;
  x = ((x ^ (x >> 27n)) * MIX_2) & MASK;
  return x ^ (x >> 31n);
}

/** 32 bits; `port` is 0 where the listener hashes by address only. */
export function flowHash(source: string, port: number, seed: Seed): number {
  const bytes = new Uint8Array(16);
  bytes.set(toBytes(source));
  const view = new DataView(bytes.buffer);
  // The program reads the port in network order on a little-endian machine.
  const wirePort = BigInt(((port & 0xff) << 8) | (port >> 8));
  const one = view.getBigUint64(0, true) ^ seed[0] ^ (wirePort << 32n);
  const two = source.includes(':') ? seed[1] ^ mix(view.getBigUint64(8, true) ^ seed[1]) : seed[1];
  return Number(mix(one + two) >> 32n);
}

export function slotOf(hash: number, size: number): number {
  return Number((BigInt(hash >>> 0) * BigInt(size)) >> 32n);
}

/**
 * Two words for a text: they place members in a ring the same way on every node. Two lanes of MurmurHash3's 32-bit mixing
 * (Appleby, public domain) and no BigInt: big configurations hash tens of thousands of endpoints.
 */
export function textHash(text: string, seed: bigint): readonly [number, number] {
  let one = Number(seed & 0xffff_ffffn);
  let two = Number((seed >> 32n) & 0xffff_ffffn);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    one = Math.imul(rotate(one ^ Math.imul(code + 1, 0xcc9e2d51), 13), 5) + 0xe6546b64;
    two = Math.imul(rotate(two ^ Math.imul(code + 1, 0x1b873593), 15), 5) + 0x38b34ae5;
  }
  return [finish(one ^ text.length), finish(two ^ one)];
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** Every bit in reaches every bit out. */
function finish(word: number): number {
  let x = word ^ (word >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
