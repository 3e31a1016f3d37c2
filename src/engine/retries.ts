// What failed, how often, and when it may be tried again. One entry for each step (or driver), bounded by the plan.
import { type BackoffOptions, backoffMs, DEFAULT_BACKOFF } from '../lib/backoff.ts';
import type { ErrorCode, LbError } from '../model/errors.ts';
import type { Item } from '../model/item.ts';
import type { ItemError } from '../model/status.ts';
import { differingFields } from '../plan/diff.ts';

export type RetryVerdict = 'go' | 'backoff' | 'waiting';

export interface Attempt {
  /** Step id, or `observe <driver>`. */
  readonly id: string;
  readonly key: string;
  /** What was attempted: another wish is another attempt. */
  readonly item?: Item;
}

interface Entry extends Attempt {
  readonly error: LbError;
  readonly attempts: number;
  /** Absent: only a change helps. */
  readonly dueMs?: number;
  /** When this is another one, what waits for a change is tried at once. */
  readonly epoch: unknown;
}

export class Retries {
  readonly #entries = new Map<string, Entry>();
  readonly #options: BackoffOptions;

  constructor(options: BackoffOptions = DEFAULT_BACKOFF) {
    this.#options = options;
  }

  /** `epoch` is the World for steps: when it is another one, something changed. */
  verdict(attempt: Attempt, epoch: unknown, nowMs: number): RetryVerdict {
    const entry = this.#entries.get(attempt.id);
    if (entry === undefined) return 'go';
    if (!sameWish(entry, attempt)) {
      this.#entries.delete(attempt.id);
      return 'go';
    }
    const waits = entry.error.retry !== 'backoff';
    if (waits && entry.epoch !== epoch) return 'go';
    if (entry.dueMs !== undefined && entry.dueMs <= nowMs) return 'go';
    return waits ? 'waiting' : 'backoff';
  }

  failed(attempt: Attempt, error: LbError, epoch: unknown, nowMs: number, random: number): void {
    const before = this.#entries.get(attempt.id);
    const attempts = before !== undefined && sameWish(before, attempt) ? before.attempts + 1 : 1;
    const due = error.retry === 'never' ? {} : { dueMs: nowMs + this.#pauseMs(error, attempts, random) };
    this.#entries.set(attempt.id, { ...attempt, error, attempts, epoch, ...due });
  }

  /** What waits for a change may wait for one that nobody tells us of, such as a module that is loaded by hand. */
  #pauseMs(error: LbError, attempts: number, random: number): number {
    return backoffMs(error.retry === 'backoff' ? attempts : Number.MAX_SAFE_INTEGER, random, this.#options);
  }

  succeeded(id: string): void {
    this.#entries.delete(id);
  }

  /** Forgets what is no longer planned: its object changed, or somebody else repaired it. */
  retain(ids: ReadonlySet<string>): void {
    for (const id of this.#entries.keys()) if (!ids.has(id)) this.#entries.delete(id);
  }

  /** Everything may be tried now, or all that failed with this code; the count of attempts stays. */
  release(code?: ErrorCode): void {
    for (const [id, entry] of this.#entries)
      if (code === undefined || entry.error.code === code) this.#entries.set(id, { ...entry, dueMs: 0 });
  }

  /** What was due at `judgedMs` and is still here, the round of that moment could not try: it waits for the tick, not at the door. */
  nextDueMs(judgedMs = 0): number | undefined {
    let next: number | undefined;
    for (const { dueMs } of this.#entries.values())
      if (dueMs !== undefined && dueMs > judgedMs && (next === undefined || dueMs < next)) next = dueMs;
    return next;
  }

  errors(): readonly ItemError[] {
    return [...this.#entries.values()].map((entry) => ({
      key: entry.key,
      step: entry.id,
      error: entry.error.toJSON(),
      attempts: entry.attempts,
      ...(entry.dueMs === undefined ? {} : { nextTryMs: entry.dueMs }),
    }));
  }
}

function sameWish(a: Attempt, b: Attempt): boolean {
  if (a.item === b.item) return true;
  if (a.item === undefined || b.item === undefined) return false;
  return differingFields(a.item.fields, b.item.fields).length === 0;
}
