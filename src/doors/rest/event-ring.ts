// The last events, numbered, so that a watcher that comes back misses none or is told how many.
import type { EngineEvent } from '../../engine/events.ts';
import type { AuditRecord } from '../../model/audit.ts';

/** A write that came through a door. */
export interface AuditEvent extends AuditRecord {
  readonly kind: 'audit';
}

export type DoorEvent = EngineEvent | AuditEvent;

export interface Numbered {
  /** `START-NUMBER`: the start of the daemon tells numbers of two runs apart. */
  readonly id: string;
  readonly number: number;
  readonly event: DoorEvent;
}

export interface Resumed {
  readonly events: readonly Numbered[];
  /** Events between the one named and the first given here that are gone for good; undefined where nobody can know. */
  readonly missed: number | undefined;
}

export class EventRing {
  readonly #epoch: string;
  readonly #limit: number;
  readonly #watchers = new Set<(one: Numbered) => void>();
  #ring: Numbered[] = [];
  #number = 0;

  constructor(startedMs: number, limit = 2048) {
    this.#epoch = startedMs.toString(36);
    this.#limit = limit;
  }

  push(event: DoorEvent): void {
    const number = ++this.#number;
    const one: Numbered = { id: `${this.#epoch}-${number}`, number, event };
    this.#ring.push(one);
    // Cut rarely, so that a burst does not copy the ring for each event.
    if (this.#ring.length > this.#limit * 2) this.#ring = this.#ring.slice(-this.#limit);
    for (const watcher of this.#watchers) watcher(one);
  }

  /** Newest last. */
  last(count: number): readonly Numbered[] {
    return count <= 0 ? [] : this.#kept().slice(-count);
  }

  /** Everything after the event named, as far as it is still here. */
  after(id: string): Resumed {
    const kept = this.#kept();
    const [, epoch, text] = /^([0-9a-z]{1,16})-(\d{1,15})$/.exec(id) ?? [];
    const number = Number(text);
    // Another run of the daemon: what happened between nobody knows.
    if (epoch !== this.#epoch || number > this.#number) return { events: kept, missed: undefined };
    const events = kept.filter((one) => one.number > number);
    const first = events[0]?.number ?? this.#number + 1;
    return { events, missed: first - number - 1 };
  }

  watch(watcher: (one: Numbered) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #kept(): readonly Numbered[] {
    return this.#ring.length > this.#limit ? this.#ring.slice(-this.#limit) : this.#ring;
  }
}
