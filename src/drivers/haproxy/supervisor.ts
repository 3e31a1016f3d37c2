// Restarts a HAProxy that died, from the configuration it ran with, without waiting for the next round of the engine. One whose
// master cannot be reached begins another life.
import type { HaproxyProcess } from './process.ts';

const LOOK_MS = 200;
/** One that dies at once again must not be started in a loop. */
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 30_000;
const STABLE_MS = 60_000;

export class Supervisor {
  readonly #process: HaproxyProcess;
  readonly #beforeStart: () => void;
  readonly #timer: NodeJS.Timeout;
  #expected = false;
  #busy = false;
  #pauseMs = FIRST_PAUSE_MS;
  #startedMs = 0;
  #notBeforeMs = 0;

  constructor(process: HaproxyProcess, beforeStart: () => void) {
    this.#process = process;
    this.#beforeStart = beforeStart;
    this.#expected = process.pid() !== undefined;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Told by whoever starts and stops it on purpose. */
  expect(running: boolean): void {
    this.#expected = running;
  }

  /** No restart while a start or reload is under way. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    for (let waited = 0; this.#busy && waited < 20_000; waited += 20)
      await new Promise((resume) => setTimeout(resume, 20));
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const nowMs = Date.now();
    if (this.#busy || !this.#expected || nowMs < this.#notBeforeMs) return;
    const isAlive = this.#process.pid() !== undefined;
    if (isAlive && nowMs - this.#startedMs > STABLE_MS) this.#pauseMs = FIRST_PAUSE_MS;
    if (isAlive && this.#process.hasMaster()) return;
    this.#busy = true;
    try {
      this.#startedMs = nowMs;
      this.#notBeforeMs = nowMs + this.#pauseMs;
      this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
      this.#beforeStart();
      if (isAlive) await this.#process.mendMaster();
      else await this.#process.start();
    } catch {
      // The next round of the engine meets the same, and tells it at every listener.
    } finally {
      this.#busy = false;
    }
  }
}
