// Neighbours of clients, as the program learnt them: 255 numbers that flows refer to. Those that no flow has named for two
// walks of the flow tables are given back, in two steps, so that a flow that just took a number never sees it change hands.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import { HOP, PEER_KEY } from './layout.ts';

export const PEERS = 256;
/** The kernel sets rows of an array on multiples of eight bytes. */
const STRIDE = Math.ceil(HOP.size / 8) * 8;

export class PeerRows {
  readonly #rows: ArrayBuffer;
  readonly #numbers: BpfMap;
  readonly #cursor: Uint32Array;
  /** Walks in a row that found no flow of it. */
  readonly #idle = new Uint8Array(PEERS);

  /** `cursor`: where the program looks for a free row. */
  constructor(rows: ArrayBuffer, numbers: BpfMap, cursor: ArrayBuffer) {
    this.#rows = rows;
    this.#numbers = numbers;
    this.#cursor = new Uint32Array(cursor, 0, 1);
  }

  /** How many are in use. Row 0 is nobody's. */
  get used(): number {
    let used = 0;
    for (let number = 1; number < PEERS; number++) if (this.#ifindexOf(number) !== 0) used++;
    return used;
  }

  /**
   * After a walk that marked the numbers living flows name. Once idle: the neighbour gets another number with its next
   * flow, and this one stays readable. Still idle with the next walk, half a minute later: the row is free.
   */
  age(named: Uint8Array): void {
    let freed = 0;
    for (let number = 1; number < PEERS; number++) {
      if (named[number] !== 0 || this.#ifindexOf(number) === 0) {
        this.#idle[number] = 0;
        continue;
      }
      this.#idle[number]!++;
      if (this.#idle[number] === 1) continue;
      if (this.#idle[number] === 2) this.#retire(number);
      else {
        this.#free(number);
        this.#idle[number] = 0;
        freed ||= number;
      }
    }
    // The program tries a few rows only: it begins with those that are free now.
    if (freed !== 0) this.#cursor[0] = freed - 1;
  }

  #ifindexOf(number: number): number {
    return new DataView(this.#rows, number * STRIDE).getUint32(HOP.ifindex, true);
  }

  #retire(number: number): void {
    const row = new DataView(this.#rows, number * STRIDE, HOP.size);
    const key = new Uint8Array(PEER_KEY.size);
    key.set(new Uint8Array(this.#rows, number * STRIDE + HOP.destinationMac, 12));
    const words = new DataView(key.buffer);
    words.setUint32(PEER_KEY.ifindex, row.getUint32(HOP.ifindex, true), true);
    words.setUint32(PEER_KEY.vlan, row.getUint16(HOP.vlan, true), true);
    const known = this.#numbers.lookup(key);
    if (known !== undefined && new DataView(known.buffer).getUint32(0, true) === number)
      this.#numbers.delete(key);
  }

  #free(number: number): void {
    new DataView(this.#rows, number * STRIDE).setUint32(HOP.ifindex, 0, true);
  }
}
