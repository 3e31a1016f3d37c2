// Links, addresses and routes changed outside: the engine looks again at once, and addresses of ours whose link came back are announced.
import type { NetlinkListener } from '../../kernel/netlink/listener.ts';
import { watchNetwork } from '../../kernel/netlink/watch-network.ts';

/** Our own changes are heard too, and container hosts change links all day: at most this often. */
const SETTLE_MS = 50;
const AT_MOST_EVERY_MS = 500;
const LISTEN_AGAIN_MS = 5000;

export interface NetworkWatchOptions {
  readonly onChange: () => void;
  readonly onFault: (error: Error) => void;
}

export class NetworkChanges {
  readonly #options: NetworkWatchOptions;
  #listener: Promise<NetlinkListener | undefined>;
  #settling: NodeJS.Timeout | undefined;
  #again: NodeJS.Timeout | undefined;
  #isClosed = false;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: NetworkWatchOptions) {
    this.#options = options;
    this.#listener = this.#listen();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#again);
    const listener = await this.#listener;
    await listener?.close();
    clearTimeout(this.#settling);
  }

  async #listen(): Promise<NetlinkListener | undefined> {
    try {
      const listener = await watchNetwork({
        onChange: () => this.#heard(),
        onError: (error) => this.#lost(error),
        looksAfterMs: SETTLE_MS,
      });
      // What changed while it was set up was heard by nobody.
      this.#heard();
      return listener;
    } catch (error) {
      this.#lost(error as Error);
      return undefined;
    }
  }

  /** Meanwhile the drift tick still finds everything, only later. */
  #lost(error: Error): void {
    if (this.#isClosed) return;
    this.#options.onFault(error);
    this.#again = setTimeout(() => {
      this.#listener = this.#listen();
    }, LISTEN_AGAIN_MS);
  }

  #heard(): void {
    if (this.#settling !== undefined || this.#isClosed) return;
    const sinceMs = performance.now() - this.#lastMs;
    this.#settling = setTimeout(
      () => {
        this.#settling = undefined;
        this.#lastMs = performance.now();
        try {
          this.#options.onChange();
        } catch (error) {
          // What changed may have changed again while we looked; that is heard too.
          this.#options.onFault(error as Error);
        }
      },
      Math.max(SETTLE_MS, AT_MOST_EVERY_MS - sinceMs),
    );
  }
}
