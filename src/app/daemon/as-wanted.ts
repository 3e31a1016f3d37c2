// Something that is open as its settings want it: opened again when they change, one change after the other, and tried again where
// it cannot open: an address may come, and a port become free.
import type { Clock } from '../../lib/clock.ts';
import { stableJson } from '../../lib/stable-json.ts';

const AGAIN_MS = 10_000;

export interface AsWantedOptions<S, T> {
  readonly clock: Clock;
  readonly open: (settings: S) => Promise<T | undefined>;
  /** Told once, not with each try. */
  readonly onFault: (error: Error) => void;
  /** It opened after it could not. */
  readonly onOpen?: (opened: T) => void;
}

export class AsWanted<S, T extends { close(): Promise<void> }> {
  readonly #options: AsWantedOptions<S, T>;
  #key: string | undefined;
  #current: T | undefined;
  #fault: Error | undefined;
  #cancelAgain: (() => void) | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(options: AsWantedOptions<S, T>) {
    this.#options = options;
  }

  get current(): T | undefined {
    return this.#current;
  }

  /** Why it is not open though it should be. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** `hidden` is what settings hold that JSON does not show. */
  set(settings: S, hidden = ''): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      const key = `${stableJson(settings)}${hidden}`;
      if (key === this.#key) return;
      this.#key = key;
      await this.#shut();
      await this.#open(settings);
    });
    return this.#busy;
  }

  close(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#shut());
    return this.#busy;
  }

  async #open(settings: S): Promise<void> {
    const { clock, open, onFault, onOpen } = this.#options;
    try {
      this.#current = await open(settings);
      if (this.#fault !== undefined && this.#current !== undefined) onOpen?.(this.#current);
      this.#fault = undefined;
    } catch (error) {
      const fault = error as Error;
      if (fault.message !== this.#fault?.message) onFault(fault);
      this.#fault = fault;
      this.#cancelAgain = clock.after(AGAIN_MS, () => {
        this.#busy = this.#busy.then(async () => {
          // Something else was wanted, or nothing, while this waited for its turn.
          if (this.#cancelAgain !== undefined) await this.#open(settings);
        });
      });
    }
  }

  async #shut(): Promise<void> {
    this.#cancelAgain?.();
    this.#cancelAgain = undefined;
    this.#fault = undefined;
    const old = this.#current;
    this.#current = undefined;
    await old?.close();
  }
}
