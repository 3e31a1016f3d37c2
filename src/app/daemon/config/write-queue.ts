// Writes that come together are judged and stored together: one validation, one transaction. A wrong one is found by halving.

/** Long enough for a burst to gather, short enough for one write not to notice. */
const GATHER_MS = 5;
/** Where judging takes long, others get twice that before the next; no write waits longer than this for it. */
const LONGEST_GATHER_MS = 25;
const SHARE = 2;
const MOST_AT_ONCE = 2000;

export interface Queued<W, R> {
  readonly write: W;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** Throws what is wrong with one of them; nothing of them is in force then. */
export type CommitAll<W, R> = (writes: readonly W[]) => R;

export class WriteQueue<W, R> {
  readonly #commit: CommitAll<W, R>;
  /** Whether the error is of a single write, so that the others deserve a try without it. */
  readonly #mayBeOfOne: (error: unknown) => boolean;
  #queue: Queued<W, R>[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** How long judging and storing took last time. */
  #lastMs = 0;

  constructor(commit: CommitAll<W, R>, mayBeOfOne: (error: unknown) => boolean) {
    this.#commit = commit;
    this.#mayBeOfOne = mayBeOfOne;
  }

  push(write: W): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      this.#queue.push({ write, resolve, reject });
      const gatherMs = Math.min(LONGEST_GATHER_MS, Math.max(GATHER_MS, this.#lastMs * SHARE));
      this.#timer ??= setTimeout(() => this.flush(), gatherMs);
    });
  }

  /** Everything that waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const queue = this.#queue;
    this.#queue = [];
    const began = performance.now();
    for (let at = 0; at < queue.length; at += MOST_AT_ONCE) this.#try(queue.slice(at, at + MOST_AT_ONCE));
    this.#lastMs = performance.now() - began;
  }

  #try(batch: readonly Queued<W, R>[]): void {
    try {
      const result = this.#commit(batch.map(({ write }) => write));
      for (const { resolve } of batch) resolve(result);
    } catch (error) {
      if (batch.length === 1 || !this.#mayBeOfOne(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = batch.length >> 1;
      this.#try(batch.slice(0, middle));
      this.#try(batch.slice(middle));
    }
  }
}
