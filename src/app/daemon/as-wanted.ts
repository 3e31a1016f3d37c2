// Something that is open as its settings want it: opened again when they change, one change after the other.
import { stableJson } from '../../lib/stable-json.ts';

export class AsWanted<S, T extends { close(): Promise<void> }> {
  readonly #open: (settings: S) => Promise<T | undefined>;
  readonly #onFault: (error: Error) => void;
  #key: string | undefined;
  #current: T | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(open: (settings: S) => Promise<T | undefined>, onFault: (error: Error) => void) {
    this.#open = open;
    this.#onFault = onFault;
  }

  get current(): T | undefined {
    return this.#current;
  }

  /** `hidden` is what settings hold that JSON does not show. What cannot open is told, and tried with the next change. */
  set(settings: S, hidden = ''): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      const key = `${stableJson(settings)}${hidden}`;
      if (key === this.#key) return;
      this.#key = key;
      await this.#shut();
      try {
        this.#current = await this.#open(settings);
      } catch (error) {
        // So that the same settings are tried again with the next load.
        this.#key = undefined;
        this.#onFault(error as Error);
      }
    });
    return this.#busy;
  }

  close(): Promise<void> {
    this.#busy = this.#busy.then(() => this.#shut());
    return this.#busy;
  }

  async #shut(): Promise<void> {
    const old = this.#current;
    this.#current = undefined;
    await old?.close();
  }
}
