// When to write down what is judged: soon after it changed, as a start from an old verdict takes members out that serve, and
// now and then for the ages of the rest. Where writing takes long it is done seldom.

const SOON_MS = 100;
const SELDOM_MS = 5000;
/** Writing gets a fiftieth of the time at the most. */
const SHARE = 50;

export class SaveSoon {
  readonly #save: () => void;
  readonly #seldom: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;
  #lastMs = 0;

  constructor(save: () => void) {
    this.#save = save;
    this.#seldom = setInterval(() => this.now(), SELDOM_MS);
  }

  /** What comes meanwhile goes with it. */
  changed(): void {
    const waitMs = Math.min(SELDOM_MS, Math.max(SOON_MS, this.#lastMs * SHARE));
    this.#soon ??= setTimeout(() => this.now(), waitMs);
  }

  now(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    const began = performance.now();
    this.#save();
    this.#lastMs = performance.now() - began;
  }

  close(): void {
    clearInterval(this.#seldom);
    clearTimeout(this.#soon);
    this.#save();
  }
}
