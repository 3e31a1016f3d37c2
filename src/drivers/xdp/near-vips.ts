// The rows of vips4 again, close together, and which addresses are nobody's: what the program's short way looks into first
// (bpf/near.h). At every moment, that of a crash too, what stands here is so or the set tells the program to ask the kernel.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import { NEAR_VIP, VIP_KIND, VIP4_KEY } from './layout.ts';

const WAYS = 4;
const SET_BITS = 14;
const STRANGER_BITS = 16;
/** MIX_1 of bpf/hash.h. */
const MIX_1 = 0xbf58_476d_1ce4_e5b9n;
const MIX_1_LOW = Number(MIX_1 & 0xffff_ffffn);
const FREE = 0n;
/** Rows in one system call. */
const CHUNK = 8192;

type Put = readonly [key: Uint8Array, value: Uint8Array];

export class NearVips {
  readonly #vips: BpfMap;
  /** Two words a row: the key, then value and mark. */
  readonly #keys: BigUint64Array;
  readonly #halves: Uint32Array;
  readonly #strangers: Uint32Array;
  /** Sets that do not hold all of their rows: there are more than four, or a write failed. */
  readonly #leftOut = new Set<number>();

  constructor(map: (name: string) => BpfMap) {
    this.#vips = map('vips4');
    const memory = map('near_vips4').memory();
    this.#keys = new BigUint64Array(memory);
    this.#halves = new Uint32Array(memory);
    this.#strangers = new Uint32Array(map('strangers4').memory());
  }

  /** Brings all of it to what the kernel's table holds. What is right already stays untouched: packets look at it. */
  rebuild(): void {
    const rows = new Map<bigint, number>();
    const known = new Uint32Array(this.#strangers.length);
    for (const { count, keys, values } of this.#vips.batches(CHUNK)) {
      const view = new DataView(keys.buffer);
      const numbers = new DataView(values.buffer);
      for (let i = 0; i < count; i++) {
        const at = i * VIP4_KEY.size;
        const bit = strangerBit(view.getUint32(at + VIP4_KEY.address, true));
        known[bit >>> 5] = known[bit >>> 5]! | (1 << (bit & 31));
        if (view.getUint8(at + VIP4_KEY.kind) !== VIP_KIND.address)
          rows.set(view.getBigUint64(at, true), numbers.getUint32(i * 4, true));
      }
    }
    this.#leftOut.clear();
    for (let set = 0; set < 1 << SET_BITS; set++) this.#mark(set, false);
    for (let row = 0; row < WAYS << SET_BITS; row++) {
      const key = this.#keys[row * 2]!;
      if (key !== FREE && rows.get(key) !== this.#halves[valueAt(row)]) this.#clear(row);
    }
    for (const [key, value] of rows) this.#place(key, value);
    for (let set = 0; set < 1 << SET_BITS; set++) if (!this.#leftOut.has(set)) this.#mark(set, true);
    known.forEach((word, at) => {
      Atomics.store(this.#strangers, at, ~word);
    });
  }

  /** Runs `write`, which changes these rows in the kernel's table. When it fails, the program asks there about all of them. */
  around(puts: readonly Put[], deletes: readonly Uint8Array[], write: () => void): void {
    const rows = puts.flatMap(([key, value]) => {
      this.#meet(key);
      return isNear(key) ? [{ key: wholeOf(key), value: viewOf(value).getUint32(0, true) }] : [];
    });
    const gone = deletes.filter(isNear).map(wholeOf);
    const sets = new Set([...rows.map(({ key }) => key), ...gone].map(setOf));
    for (const set of sets) this.#mark(set, false);
    for (const { key, value } of rows) {
      const row = this.#rowOf(key, key);
      if (row !== undefined && this.#halves[valueAt(row)] !== value) this.#clear(row);
    }
    for (const key of gone) {
      const row = this.#rowOf(key, key);
      if (row !== undefined) this.#clear(row);
    }
    try {
      write();
    } catch (error) {
      // Nobody knows which of them the kernel has.
      for (const set of sets) this.#leftOut.add(set);
      throw error;
    }
    for (const { key, value } of rows) this.#place(key, value);
    for (const set of sets) if (!this.#leftOut.has(set)) this.#mark(set, true);
  }

  /** Its address is no stranger's any more. */
  #meet(key: Uint8Array): void {
    const bit = strangerBit(viewOf(key).getUint32(VIP4_KEY.address, true));
    Atomics.and(this.#strangers, bit >>> 5, ~(1 << (bit & 31)));
  }

  /** The row of the key's set that holds `held`. */
  #rowOf(key: bigint, held: bigint): number | undefined {
    const first = setOf(key) * WAYS;
    for (let row = first; row < first + WAYS; row++) if (this.#keys[row * 2] === held) return row;
    return undefined;
  }

  /** The value before the key: whoever finds the key finds what belongs to it. */
  #place(key: bigint, value: number): void {
    if (this.#rowOf(key, key) !== undefined) return;
    const row = this.#rowOf(key, FREE);
    if (row === undefined) {
      this.#leftOut.add(setOf(key));
      return;
    }
    Atomics.store(this.#halves, valueAt(row), value);
    Atomics.store(this.#keys, row * 2, key);
  }

  #clear(row: number): void {
    Atomics.store(this.#keys, row * 2, FREE);
  }

  #mark(set: number, complete: boolean): void {
    const at = (set * WAYS * NEAR_VIP.size + NEAR_VIP.complete) / 4;
    if (this.#halves[at] !== Number(complete)) Atomics.store(this.#halves, at, Number(complete));
  }
}

/** Addresses alone are asked about by the whole walk only. */
function isNear(key: Uint8Array): boolean {
  return key[VIP4_KEY.kind] !== VIP_KIND.address;
}

/** Among the halves. */
function valueAt(row: number): number {
  return (row * NEAR_VIP.size + NEAR_VIP.value) / 4;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

export function wholeOf(key: Uint8Array): bigint {
  return viewOf(key).getBigUint64(0, true);
}

/** Keys of one set share a cache line. */
export function setOf(key: bigint): number {
  return Number(BigInt.asUintN(64, key * MIX_1) >> BigInt(64 - SET_BITS));
}

function strangerBit(address: number): number {
  return Math.imul(address, MIX_1_LOW) >>> (32 - STRANGER_BITS);
}
