// Room for rings in the one mapped array that all listeners share: runs of slots, found again after a restart from the
// listeners that use them. What is given back rests a while, as a packet may still be reading it.
import { OpError } from '../../model/errors.ts';
import type { RingRun } from './rows.ts';

/** Runs are rounded up to this many slots, so that few sizes exist and freed room fits the next ring. */
const GRAIN = 64;
/** XDP runs a packet to its end within microseconds; this is for a machine that was suspended in between. */
const REST_MS = 1000;

export class Arena {
  readonly #slots: number;
  readonly #now: () => number;
  /** Free runs by their length in grains. */
  readonly #free = new Map<number, number[]>();
  readonly #resting: { readonly run: RingRun; readonly sinceMs: number }[] = [];
  /** First slot never used. Slot 0 stays empty: offset 0 means no ring. */
  #end = GRAIN;
  #used = 0;

  constructor(slots: number, now: () => number = () => performance.now()) {
    this.#slots = slots;
    this.#now = now;
  }

  get used(): number {
    return this.#used;
  }

  get capacity(): number {
    return this.#slots;
  }

  /** Takes note of a run in use since before us. Overlapping notes are fine: rings of a window share theirs. */
  adopt(runs: readonly RingRun[]): void {
    const taken = [...new Map(runs.filter((run) => run.size > 0).map((run) => [run.offset, run])).values()];
    taken.sort((a, b) => a.offset - b.offset);
    let at = GRAIN;
    for (const run of taken) {
      if (run.offset > at) this.#put(at, run.offset - at);
      at = Math.max(at, run.offset + grains(run.size) * GRAIN);
      this.#used += grains(run.size) * GRAIN;
    }
    this.#end = at;
  }

  take(size: number): RingRun {
    if (size === 0) return { offset: 0, size: 0 };
    this.#wake();
    const wanted = grains(size);
    const offset = this.#free.get(wanted)?.pop() ?? this.#extend(wanted) ?? this.#split(wanted);
    if (offset === undefined)
      throw new OpError(
        'XDP_LIMIT',
        `Cannot place a ring of ${size} slots as the arena is full: current value is ${this.#used} of ${this.#slots}`,
        { op: 'take', target: 'rings' },
        { retry: 'on-change', hint: 'Raise data_plane.xdp.max_listeners, which sizes the arena' },
      );
    this.#used += wanted * GRAIN;
    return { offset, size };
  }

  release(run: RingRun): void {
    if (run.size === 0) return;
    this.#used -= grains(run.size) * GRAIN;
    this.#resting.push({ run, sinceMs: this.#now() });
  }

  #wake(): void {
    const now = this.#now();
    while (this.#resting.length > 0 && now - this.#resting[0]!.sinceMs >= REST_MS) {
      const { run } = this.#resting.shift()!;
      this.#put(run.offset, grains(run.size) * GRAIN);
    }
  }

  #put(offset: number, slots: number): void {
    const length = slots / GRAIN;
    const list = this.#free.get(length);
    if (list === undefined) this.#free.set(length, [offset]);
    else list.push(offset);
  }

  #extend(wanted: number): number | undefined {
    if (this.#end + wanted * GRAIN > this.#slots) return undefined;
    const offset = this.#end;
    this.#end += wanted * GRAIN;
    return offset;
  }

  /** Part of the smallest longer run; only when nothing fits exactly and the end is reached. */
  #split(wanted: number): number | undefined {
    const longer = [...this.#free].filter(([length, list]) => length > wanted && list.length > 0);
    longer.sort(([a], [b]) => a - b);
    const best = longer[0];
    if (best === undefined) return undefined;
    const [length, list] = best;
    const offset = list.pop()!;
    this.#put(offset + wanted * GRAIN, (length - wanted) * GRAIN);
    return offset;
  }
}

function grains(size: number): number {
  return Math.ceil(size / GRAIN);
}
