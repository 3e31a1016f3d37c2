// The outside of the memory driver: a table that outlives the driver, fails on command and records what was done to it.
import { OpError } from '../../model/errors.ts';
import type { Item } from '../../model/item.ts';
import type { StepVerb } from '../../model/plan.ts';

export interface Operation {
  readonly verb: StepVerb;
  readonly key: string;
  readonly ok: boolean;
}

interface Fault {
  readonly error: Error;
  times: number;
}

/** Operations kept; older ones are forgotten, only their number stays. */
const KEPT_OPERATIONS = 10_000;

interface Seen {
  readonly owned: ReadonlyMap<string, Item>;
  readonly foreign: ReadonlyMap<string, Item>;
}

export class MemoryPlane {
  readonly #owned = new Map<string, Item>();
  readonly #foreign = new Map<string, Item>();
  /** Keys of what lives in a key. */
  readonly #children = new Map<string, Set<string>>();
  readonly #faults = new Map<string, Fault>();
  #operations: Operation[] = [];
  #count = 0;
  /** As it was read last, while it is so. */
  #seen: Seen | undefined;

  get owned(): ReadonlyMap<string, Item> {
    return this.#owned;
  }

  get foreign(): ReadonlyMap<string, Item> {
    return this.#foreign;
  }

  /** What was done since the last call, oldest first. */
  takeOperations(): readonly Operation[] {
    const taken = this.#operations;
    this.#operations = [];
    return taken;
  }

  get operationCount(): number {
    return this.#count;
  }

  /** The next `times` operations on the key (`all`: on any key; `observe`: reads) fail. */
  setFaulty(key: string, error?: Error, times = Number.POSITIVE_INFINITY): void {
    const fallback = new OpError('DRIVER_FAILED', `Cannot change "${key}" as a fault was set on it`, {
      op: 'memory',
      target: key,
      errno: 'EIO',
    });
    this.#faults.set(key, { error: error ?? fallback, times });
  }

  heal(key?: string): void {
    if (key === undefined) this.#faults.clear();
    else this.#faults.delete(key);
  }

  /** What somebody else does behind our back: to their own objects, or to ours. */
  edit(item: Item, owner: 'ours' | 'foreign'): void {
    this.#seen = undefined;
    if (owner === 'ours') {
      this.#foreign.delete(item.key);
      this.#own(item);
    } else {
      this.#disown(item.key);
      this.#foreign.set(item.key, item);
    }
  }

  lose(key: string): void {
    this.#seen = undefined;
    this.#disown(key);
    this.#foreign.delete(key);
  }

  read(): Seen {
    this.#failIfFaulty('observe');
    this.#seen ??= { owned: new Map(this.#owned), foreign: new Map(this.#foreign) };
    return this.#seen;
  }

  /** Idempotent, as every driver's operations are: putting what is there and removing what is gone succeed. */
  put(verb: StepVerb, item: Item): void {
    this.#perform(verb, item.key, () => {
      if (verb === 'adopt') this.#foreign.delete(item.key);
      this.#requireOurs(item.key);
      this.#requireParent(item);
      this.#own(item);
    });
  }

  remove(key: string): void {
    this.#perform('remove', key, () => {
      this.#disown(key);
    });
  }

  #own(item: Item): void {
    this.#owned.set(item.key, item);
    if (item.parent === undefined) return;
    const siblings = this.#children.get(item.parent);
    if (siblings === undefined) this.#children.set(item.parent, new Set([item.key]));
    else siblings.add(item.key);
  }

  /** As in a kernel: what lived in it goes with it. */
  #disown(key: string): void {
    const item = this.#owned.get(key);
    if (item === undefined) return;
    this.#owned.delete(key);
    if (item.parent !== undefined) this.#children.get(item.parent)?.delete(key);
    const children = this.#children.get(key);
    this.#children.delete(key);
    for (const child of children ?? []) this.#disown(child);
  }

  #perform(verb: StepVerb, key: string, work: () => void): void {
    this.#seen = undefined;
    let ok = false;
    try {
      this.#failIfFaulty(key);
      this.#failIfFaulty('all');
      work();
      ok = true;
    } finally {
      this.#count++;
      this.#operations.push({ verb, key, ok });
      if (this.#operations.length > KEPT_OPERATIONS)
        this.#operations = this.#operations.slice(-KEPT_OPERATIONS / 2);
    }
  }

  #requireOurs(key: string): void {
    if (!this.#foreign.has(key)) return;
    throw new OpError(
      'CONFLICT',
      `Cannot write "${key}" as somebody else made it`,
      { op: 'put', target: key, errno: 'EEXIST' },
      { retry: 'on-change' },
    );
  }

  #requireParent(item: Item): void {
    if (item.parent === undefined || this.#owned.has(item.parent)) return;
    throw new OpError('DRIVER_FAILED', `Cannot write "${item.key}" as "${item.parent}" does not exist`, {
      op: 'put',
      target: item.key,
      errno: 'ENOENT',
    });
  }

  #failIfFaulty(key: string): void {
    const fault = this.#faults.get(key);
    if (fault === undefined) return;
    fault.times--;
    if (fault.times <= 0) this.#faults.delete(key);
    throw fault.error;
  }
}
