// Links and addresses changed outside: the engine looks again at once, and addresses of ours whose link came back are announced.
import type { NetlinkListener } from '../../kernel/netlink/listener.ts';
import { watchNetwork } from '../../kernel/netlink/watch-network.ts';

/** Our own changes are heard too, and container hosts change links all day: at most this often. */
const SETTLE_MS = 50;
const AT_MOST_EVERY_MS = 500;

export interface NetworkWatchOptions {
  readonly onChange: () => void;
  readonly onFault: (error: Error) => void;
}

export class NetworkChanges {
  readonly #options: NetworkWatchOptions;
  readonly #listener: Promise<NetlinkListener | undefined>;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(options: NetworkWatchOptions) {
    this.#options = options;
    const onError = (error: Error) => options.onFault(error);
    // Without it the drift tick still finds everything, only later.
    this.#listener = watchNetwork({ onChange: () => this.#heard(), onError }).then(
      (listener) => {
        // What changed while it was set up was heard by nobody.
        this.#heard();
        return listener;
      },
      (error: Error) => {
        options.onFault(error);
        return undefined;
      },
    );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const listener = await this.#listener;
    await listener?.close();
    clearTimeout(this.#timer);
  }

  #heard(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const sinceMs = performance.now() - this.#lastMs;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#lastMs = performance.now();
        this.#options.onChange();
      },
      Math.max(SETTLE_MS, AT_MOST_EVERY_MS - sinceMs),
    );
  }
}
