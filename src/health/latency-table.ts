// The histograms of all probes in memory that both threads see: the checking thread adds, readers read and disturb no check.
import { LATENCY_CELLS, LatencyHistogram } from './latency.ts';

const SLOT_BYTES = LATENCY_CELLS * Float64Array.BYTES_PER_ELEMENT;
/** Address space, not memory: it grows by what is used. Probes beyond it have no histogram to show. */
const MAX_SLOTS = 262_144;
const GROW_SLOTS = 256;

export class LatencyTable {
  readonly memory: SharedArrayBuffer;
  /** All of it, however far it grows. */
  readonly #cells: Float64Array<SharedArrayBuffer>;
  readonly #slots = new Map<string, number>();
  readonly #free: number[] = [];

  constructor(memory = new SharedArrayBuffer(0, { maxByteLength: MAX_SLOTS * SLOT_BYTES })) {
    this.memory = memory;
    this.#cells = new Float64Array(memory);
  }

  /** The slot of a probe, its own from now on; undefined when there are too many. */
  take(key: string): number | undefined {
    const known = this.#slots.get(key);
    if (known !== undefined) return known;
    const slot = this.#free.pop() ?? this.#slots.size;
    if (slot >= MAX_SLOTS) return undefined;
    const needed = (slot + 1) * SLOT_BYTES;
    if (needed > this.memory.byteLength)
      this.memory.grow(Math.min(MAX_SLOTS * SLOT_BYTES, needed + GROW_SLOTS * SLOT_BYTES));
    this.#slots.set(key, slot);
    return slot;
  }

  /** Another probe gets the slot: tell the checking thread to drop this one first. */
  release(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#free.push(slot);
  }

  /** Answers so far, without a look at the rest; 0 where there is no slot. */
  countOf(key: string): number {
    const slot = this.#slots.get(key);
    return slot === undefined ? 0 : this.#cells[slot * LATENCY_CELLS]!;
  }

  of(key: string): LatencyHistogram | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.at(slot);
  }

  at(slot: number): LatencyHistogram {
    return new LatencyHistogram(new Float64Array(this.memory, slot * SLOT_BYTES, LATENCY_CELLS));
  }
}
