// How long no round has finished, by the monotonic clock: the wall clock may jump.

export class Pulse {
  readonly #monotonicMs: () => number;
  #number: number | undefined;
  #sinceMs = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
  }

  /** Counted from the look that saw this number first. */
  silentMs(number: number | undefined): number {
    const now = this.#monotonicMs();
    if (number !== this.#number) {
      this.#number = number;
      this.#sinceMs = now;
    }
    return now - this.#sinceMs;
  }
}
