// Puts rings into the arena. A listener that works without flow entries keeps its old ring beside the new one while
// flows from before may still come: the window (docs/protocols/xdp.md). Within it the old ring stays as it was when the
// window opened, however often the new one changes.
import type { Arena } from './arena.ts';
import type { ListenerEntry } from './entries.ts';
import { LISTENER } from './layout.ts';
import { type RingRun, storeRing } from './rows.ts';

export class RingStore {
  readonly #listeners: ArrayBuffer;
  readonly #slots: Uint16Array;
  readonly #arena: Arena;
  readonly #tick: () => number;

  constructor(listeners: ArrayBuffer, slots: Uint16Array, arena: Arena, tick: () => number) {
    this.#listeners = listeners;
    this.#slots = slots;
    this.#arena = arena;
    this.#tick = tick;
  }

  store(entry: ListenerEntry, wanted: Uint16Array, stateless: boolean): void {
    const { ring, base } = entry.row;
    if (ring.size === wanted.length && this.#isEqual(ring, wanted)) {
      if (!stateless && !isSame(ring, base)) this.#setBase(entry, ring);
      return;
    }
    if (!stateless || ring.size === 0) {
      this.#replace(entry, wanted);
      return;
    }
    if (isSame(ring, base)) this.#open(entry);
    this.#stamp(entry);
    if (ring.size === wanted.length) this.#write(ring, wanted);
    else {
      const next = this.#arena.take(wanted.length);
      this.#slots.set(wanted, next.offset);
      this.#setRing(entry, next);
      this.#arena.release(ring);
    }
  }

  /** The window is over when nothing off its slot was seen for so long. */
  closeWindow(entry: ListenerEntry, quietTicks: number): void {
    const { ring, base } = entry.row;
    if (isSame(ring, base)) return;
    const view = new DataView(this.#listeners, entry.number * LISTENER.size, LISTENER.size);
    const age = (this.#tick() - view.getUint32(LISTENER.lastPinned, true)) >>> 0;
    if (age > quietTicks) this.#setBase(entry, ring);
  }

  drop(entry: ListenerEntry): void {
    const { ring, base } = entry.row;
    this.#arena.release(ring);
    if (!isSame(ring, base)) this.#arena.release(base);
  }

  /** A copy of the ring becomes the base; packets meet the same members in both. */
  #open(entry: ListenerEntry): void {
    const { ring } = entry.row;
    const copy = this.#arena.take(ring.size);
    this.#slots.copyWithin(copy.offset, ring.offset, ring.offset + ring.size);
    storeRing(this.#listeners, entry.number, 'base', copy);
    entry.row = { ...entry.row, base: copy };
  }

  #replace(entry: ListenerEntry, wanted: Uint16Array): void {
    const { ring, base } = entry.row;
    if (ring.size === wanted.length) {
      this.#write(ring, wanted);
      if (!isSame(ring, base)) this.#setBase(entry, ring);
      return;
    }
    const next = this.#arena.take(wanted.length);
    // Nobody reads a run that was just taken: no need to spare what is equal.
    this.#slots.set(wanted, next.offset);
    this.#setRing(entry, next);
    storeRing(this.#listeners, entry.number, 'base', next);
    entry.row = { ...entry.row, base: next };
    this.#arena.release(ring);
    if (!isSame(ring, base)) this.#arena.release(base);
  }

  #setRing(entry: ListenerEntry, run: RingRun): void {
    storeRing(this.#listeners, entry.number, 'ring', run);
    entry.row = { ...entry.row, ring: run };
  }

  #setBase(entry: ListenerEntry, run: RingRun): void {
    const { base } = entry.row;
    storeRing(this.#listeners, entry.number, 'base', run);
    entry.row = { ...entry.row, base: run };
    this.#arena.release(base);
  }

  /** Only slots that differ: a cache line that nothing changed in stays with the cores that read it. */
  #write(run: RingRun, wanted: Uint16Array): void {
    const slots = this.#slots;
    for (let i = 0; i < wanted.length; i++)
      if (slots[run.offset + i] !== wanted[i]) slots[run.offset + i] = wanted[i]!;
  }

  #isEqual(run: RingRun, wanted: Uint16Array): boolean {
    for (let i = 0; i < wanted.length; i++) if (this.#slots[run.offset + i] !== wanted[i]) return false;
    return true;
  }

  #stamp(entry: ListenerEntry): void {
    const view = new DataView(this.#listeners, entry.number * LISTENER.size, LISTENER.size);
    view.setUint32(LISTENER.lastPinned, this.#tick(), true);
  }
}

function isSame(a: RingRun, b: RingRun): boolean {
  return a.offset === b.offset && a.size === b.size;
}
