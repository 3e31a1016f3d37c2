// How often the engine is told of another configuration: the first change at once, those that keep coming together.

/** Between two rounds for the configuration while writes keep coming. */
const SETTLE_MS = 200;
/** The same where rounds are long: they get a fifth of the time, and nobody waits longer than this. */
const LONGEST_MS = 2000;
const SHARE = 5;

export class WakePace {
  readonly #wake: () => void;
  readonly #roundMs: () => number;
  #wokenMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** `roundMs`: how long the last round took. */
  constructor(wake: () => void, roundMs: () => number) {
    this.#wake = wake;
    this.#roundMs = roundMs;
  }

  now(): void {
    this.close();
    this.#wokenMs = performance.now();
    this.#wake();
  }

  soon(): void {
    if (this.#timer !== undefined) return;
    const settleMs = Math.min(LONGEST_MS, Math.max(SETTLE_MS, this.#roundMs() * SHARE));
    const waitMs = this.#wokenMs + settleMs - performance.now();
    if (waitMs <= 0) this.now();
    else this.#timer = setTimeout(() => this.now(), waitMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
