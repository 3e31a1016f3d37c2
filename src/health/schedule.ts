// When each probe runs: a jittered start, a steady beat that does not drift, a faster one while in doubt.
// One timer serves all probes; what is due is started in order and never more at once than the limit.
import type { Clock } from '../lib/clock.ts';
import { MinHeap } from '../lib/heap.ts';

export interface ScheduleEntry {
  readonly key: string;
  readonly intervalMs: number;
  readonly fastIntervalMs: number;
}

interface Slot {
  entry: ScheduleEntry;
  /** Monotonic time of the next start; where it stands in the heap under another time it is stale there. */
  dueMs: number;
  running: boolean;
  inDoubt: boolean;
  deleted: boolean;
}

export interface ScheduleOptions {
  readonly clock: Clock;
  /** Starts the probe; the schedule waits for `finished` before the next start of the same one. */
  readonly start: (key: string, lateMs: number) => void;
  /** In [0, 1). */
  readonly random: () => number;
  /** Starts above this many running ones wait for a free place. */
  readonly maxRunning: number;
}

/**
 * Between two rounds of starts. Waking up costs as much as a check or two: thousands a second come by dozens, late by no more than
 * this. The most is for few at a time, of long intervals: many need no more company, and their own time to start comes on top.
 */
const SPACING_MS = { least: 8, most: 16 } as const;
const SPACING_SHARE = 1 / 50;
const MANY_A_MS = 1.5;

export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #due = new MinHeap<Slot>();
  #running = 0;
  #cancelTimer: (() => void) | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #startedMs = Number.NEGATIVE_INFINITY;
  /** Starts a millisecond, of late. */
  #pace = 0;

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  /** Adds a probe, or changes its timing; a known one keeps its beat. */
  set(entry: ScheduleEntry): void {
    const slot = this.#slots.get(entry.key);
    if (slot !== undefined) {
      slot.entry = entry;
      return;
    }
    // Spread over one whole interval: 10,000 probes added together do not fire together.
    const dueMs = this.#options.clock.monotonicMs() + this.#options.random() * entry.intervalMs;
    const added: Slot = { entry, dueMs, running: false, inDoubt: true, deleted: false };
    this.#slots.set(entry.key, added);
    this.#enqueue(added);
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot !== undefined) slot.deleted = true;
    this.#slots.delete(key);
  }

  /** Runs it as soon as a place is free, out of its beat. */
  hurry(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined || slot.running) return;
    slot.dueMs = this.#options.clock.monotonicMs();
    this.#enqueue(slot);
  }

  /** The probe ended. `inDoubt` chooses the next interval. Call it exactly once for each start. */
  finished(key: string, inDoubt: boolean): void {
    const wasFull = this.#running-- >= this.#options.maxRunning;
    const slot = this.#slots.get(key);
    if (slot?.running) {
      slot.running = false;
      slot.inDoubt = inDoubt;
      // From the planned start, not from the end: the beat holds. A check longer than its interval skips beats.
      const now = this.#options.clock.monotonicMs();
      slot.dueMs = Math.max(now, slot.dueMs + intervalOf(slot));
      this.#enqueue(slot);
    }
    if (wasFull) this.#pump();
  }

  size(): number {
    return this.#slots.size;
  }

  close(): void {
    this.#cancelTimer?.();
    this.#slots.clear();
  }

  #enqueue(slot: Slot): void {
    this.#due.push(slot.dueMs, slot);
    this.#arm();
  }

  #arm(): void {
    const next = this.#due.peek();
    if (next === undefined || this.#running >= this.#options.maxRunning) return;
    const at = Math.max(this.#due.peekOrder()!, this.#startedMs + this.#spacingMs(next));
    if (at >= this.#timerAt) return;
    this.#cancelTimer?.();
    this.#timerAt = at;
    // Timers know whole milliseconds: one that comes early would have to be set again.
    const wait = Math.ceil(Math.max(0, at - this.#options.clock.monotonicMs()));
    this.#cancelTimer = this.#options.clock.after(wait, () => {
      this.#timerAt = Number.POSITIVE_INFINITY;
      this.#cancelTimer = undefined;
      this.#pump();
    });
  }

  #spacingMs(next: Slot): number {
    const { least, most } = SPACING_MS;
    if (this.#pace > MANY_A_MS) return least;
    return Math.max(least, Math.min(most, intervalOf(next) * SPACING_SHARE));
  }

  #pump(): void {
    const now = this.#options.clock.monotonicMs();
    const sinceMs = now - this.#startedMs;
    let started = 0;
    while (this.#running < this.#options.maxRunning) {
      const next = this.#due.peekOrder();
      if (next === undefined || next > now) break;
      const slot = this.#due.pop()!;
      if (slot.deleted || slot.running || slot.dueMs !== next) continue;
      slot.running = true;
      this.#running++;
      this.#startedMs = now;
      started++;
      this.#options.start(slot.entry.key, now - next);
    }
    if (started > 0) this.#pace = (3 * this.#pace + started / Math.max(1, sinceMs)) / 4;
    this.#arm();
  }
}

function intervalOf({ entry, inDoubt }: Slot): number {
  return inDoubt ? entry.fastIntervalMs : entry.intervalMs;
}
