// Rows of vips4 again, close together, and which addresses are nobody's: what the program's short way looks into first
// (bpf/near.h). What stands here is so at every moment, that of a crash too; what does not, the program asks the kernel.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import { MIX_1 } from './hash.ts';
import { NEAR_VIP, VIP_KIND, VIP4_KEY } from './layout.ts';

const WAYS = 4;
const SET_BITS = 14;
const STRANGER_BITS = 16;
const MIX_1_LOW = Number(MIX_1 & 0xffff_ffffn);
const FREE = 0n;
/** Rows in one system call. */
const CHUNK = 8192;

type Put = readonly [key: Uint8Array, value: Uint8Array];

export class NearVips {
  readonly #vips: BpfMap;
  /** Every other one is a check. */
  readonly #wholes: BigUint64Array;
  readonly #halves: Uint32Array;
  readonly #strangers: Uint32Array;

  constructor(map: (name: string) => BpfMap) {
    this.#vips = map('vips4');
    const memory = map('near_vips4').memory();
    this.#wholes = new BigUint64Array(memory);
    this.#halves = new Uint32Array(memory);
    this.#strangers = new Uint32Array(map('strangers4').memory());
  }

  /** Brings all of it to what the kernel's table holds. What is right already stays untouched: packets look at it. */
  rebuild(): void {
    const values = new Map<bigint, number>();
    const known = new Uint32Array(this.#strangers.length);
    for (const { count, keys, values: numbers } of this.#vips.batches(CHUNK)) {
      const key = viewOf(keys);
      const number = viewOf(numbers);
      for (let i = 0; i < count; i++) {
        const at = i * VIP4_KEY.size;
        const bit = strangerBit(key.getUint32(at + VIP4_KEY.address, true));
        known[bit >>> 5] = known[bit >>> 5]! | (1 << (bit & 31));
        if (key.getUint8(at + VIP4_KEY.kind) !== VIP_KIND.address)
          values.set(key.getBigUint64(at, true), number.getUint32(i * 4, true));
      }
    }
    for (let row = 0; row < WAYS << SET_BITS; row++) {
      const check = this.#check(row);
      if (check === FREE) continue;
      const value = this.#halves[valueAt(row)]!;
      if (values.get(check ^ checkOf(0n, value)) !== value) this.#clear(row);
    }
    for (const [key, value] of values) this.#place(key, value);
    known.forEach((word, at) => {
      Atomics.store(this.#strangers, at, ~word);
    });
  }

  /** Runs `write`, which changes these rows in the kernel's table. */
  around(puts: readonly Put[], deletes: readonly Uint8Array[], write: () => void): void {
    const rows = puts.flatMap(([key, value]) => {
      this.#meet(key);
      return isNear(key) ? [{ key: wholeOf(key), value: viewOf(value).getUint32(0, true) }] : [];
    });
    for (const { key, value } of rows) this.#clearOf(key, value);
    for (const key of deletes) this.#clearOf(wholeOf(key));
    write();
    for (const { key, value } of rows) this.#place(key, value);
  }

  /** Its address is no stranger's any more. */
  #meet(key: Uint8Array): void {
    const bit = strangerBit(viewOf(key).getUint32(VIP4_KEY.address, true));
    Atomics.and(this.#strangers, bit >>> 5, ~(1 << (bit & 31)));
  }

  #clearOf(key: bigint, unless?: number): void {
    const row = this.#rowOf(key);
    if (row !== undefined && this.#halves[valueAt(row)] !== unless) this.#clear(row);
  }

  #clear(row: number): void {
    Atomics.store(this.#wholes, row * 2, FREE);
  }

  /** Where its set has no place left, the kernel stays to be asked. */
  #place(key: bigint, value: number): void {
    if (this.#rowOf(key) !== undefined) return;
    const first = setOf(key) * WAYS;
    for (let row = first; row < first + WAYS; row++)
      if (this.#check(row) === FREE) {
        Atomics.store(this.#halves, valueAt(row), value);
        Atomics.store(this.#wholes, row * 2, checkOf(key, value));
        return;
      }
  }

  #rowOf(key: bigint): number | undefined {
    const first = setOf(key) * WAYS;
    for (let row = first; row < first + WAYS; row++)
      if (this.#check(row) === checkOf(key, this.#halves[valueAt(row)]!)) return row;
    return undefined;
  }

  #check(row: number): bigint {
    return this.#wholes[row * 2]!;
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

function checkOf(key: bigint, value: number): bigint {
  return key ^ BigInt.asUintN(64, BigInt(value) * MIX_1);
}

function strangerBit(address: number): number {
  return Math.imul(address, MIX_1_LOW) >>> (32 - STRANGER_BITS);
}
