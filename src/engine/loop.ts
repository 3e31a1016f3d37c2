// When rounds run: wakes that come close together make one, never two run at once, and between them others get the thread too.
import type { Clock } from '../lib/clock.ts';
import type { WakeReason } from './events.ts';

export interface LoopOptions {
  readonly clock: Clock;
  readonly coalesceMs: number;
  readonly factsCoalesceMs: number;
  /** Never rejects. True when it was cut short for what is pending: the next follows at once. */
  round(why: readonly WakeReason[]): Promise<boolean>;
  /** How long the last one took. */
  tookMs(): number;
  /** When to wake by itself if nobody does before. */
  next(): { readonly inMs: number; readonly reason: WakeReason };
}

/** Between two rounds that follow each other at once: a member that failed waits for it. */
const LONGEST_REST_MS = 30;
/** After a round as short as this nobody has waited long: the next may follow at once. */
const SHORT_ROUND_MS = 8;

export class Loop {
  readonly #options: LoopOptions;
  readonly #pending = new Set<WakeReason>();
  readonly #idle: (() => void)[] = [];
  #running = false;
  #closed = false;
  #cancelStart: (() => void) | undefined;
  #startAtMs = 0;
  #endedMs = Number.NEGATIVE_INFINITY;
  #cancelTimer: (() => void) | undefined;

  constructor(options: LoopOptions) {
    this.#options = options;
  }

  wake(reason: WakeReason): void {
    if (this.#closed) return;
    this.#pending.add(reason);
    this.#schedule();
  }

  /** Whether somebody woke us for this since the round began. */
  isAsked(reason: WakeReason): boolean {
    return this.#pending.has(reason);
  }

  /** Resolves when no round runs and none is asked for. */
  idle(): Promise<void> {
    if (!this.#isBusy()) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Resolves after the round that runs. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#pending.clear();
    this.#cancelStart?.();
    this.#cancelStart = undefined;
    this.#cancelTimer?.();
    if (!this.#isBusy()) this.#tellIdle();
    await this.idle();
  }

  #isBusy(): boolean {
    return this.#running || this.#cancelStart !== undefined;
  }

  #tellIdle(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #schedule(): void {
    if (this.#running || this.#pending.size === 0 || this.#closed) return;
    const { clock, coalesceMs, factsCoalesceMs } = this.#options;
    const soon = this.#pending.has('facts') ? Math.min(factsCoalesceMs, coalesceMs) : coalesceMs;
    const nowMs = clock.monotonicMs();
    // Where changes keep coming, others get as much of the thread as the round before took.
    const tookMs = this.#options.tookMs();
    const restMs = tookMs <= SHORT_ROUND_MS ? 0 : this.#endedMs + Math.min(tookMs, LONGEST_REST_MS) - nowMs;
    const waitMs = Math.max(soon, restMs);
    const atMs = nowMs + waitMs;
    if (this.#cancelStart !== undefined && this.#startAtMs <= atMs) return;
    this.#cancelStart?.();
    this.#startAtMs = atMs;
    this.#cancelStart = clock.after(waitMs, () => {
      this.#cancelStart = undefined;
      void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.#cancelTimer?.();
    let cut = false;
    do {
      const why = [...this.#pending];
      this.#pending.clear();
      cut = await this.#options.round(why);
    } while (cut && !this.#closed && this.#pending.size > 0);
    this.#running = false;
    this.#endedMs = this.#options.clock.monotonicMs();
    this.#armTimer();
    this.#schedule();
    if (!this.#isBusy()) this.#tellIdle();
  }

  #armTimer(): void {
    if (this.#closed) return;
    const { inMs, reason } = this.#options.next();
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(inMs, () => this.wake(reason));
  }
}
