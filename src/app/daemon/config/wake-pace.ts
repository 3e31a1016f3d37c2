// How often the engine is told of another configuration: the first change at once, those that keep coming together.

/** Between two rounds for the configuration while writes keep coming. */
const SETTLE_MS = 200;

export class WakePace {
  readonly #wake: () => void;
  #wokenMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(wake: () => void) {
    this.#wake = wake;
  }

  now(): void {
    this.close();
    this.#wokenMs = performance.now();
    this.#wake();
  }

  soon(): void {
    if (this.#timer !== undefined) return;
    const waitMs = this.#wokenMs + SETTLE_MS - performance.now();
    if (waitMs <= 0) this.now();
    else this.#timer = setTimeout(() => this.now(), waitMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
