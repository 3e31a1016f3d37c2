// Keeps the TCP door as the settings want it: opened, opened again where they changed, tried again where it could not open.
import { stableJson } from '../../lib/stable-json.ts';
import type { ApiSettings } from '../../model/settings.ts';
import type { TcpState } from './access.ts';
import type { EventStreams } from './event-stream.ts';
import { openTlsDoor, type TlsDoor, type TlsDoorOptions } from './tls-door.ts';

const AGAIN_MS = 10_000;

export class TcpDoor {
  readonly #options: TlsDoorOptions;
  readonly #streams: EventStreams;
  #wanted: ApiSettings | undefined;
  #key = '';
  #door: TlsDoor | undefined;
  #again: NodeJS.Timeout | undefined;
  #trouble: string | undefined;
  #untilMs: number | undefined;
  #busy: Promise<void> = Promise.resolve();

  constructor(streams: EventStreams, options: TlsDoorOptions) {
    this.#streams = streams;
    this.#options = options;
  }

  state(): TcpState {
    return {
      wanted: this.#wanted !== undefined,
      ...(this.#door === undefined ? {} : { address: this.#door.address }),
      ...(this.#untilMs === undefined ? {} : { certificateUntilMs: this.#untilMs }),
      ...(this.#trouble === undefined ? {} : { trouble: this.#trouble }),
    };
  }

  /** A door that cannot open is told and tried again: the unix socket and traffic do not wait for it. */
  setSettings(settings: ApiSettings): Promise<void> {
    this.#busy = this.#busy.then(async () => {
      const { listen, tls, requestsPerSecond } = settings;
      const key = listen === undefined ? '' : stableJson({ listen, tls, requestsPerSecond });
      if (key === this.#key) return;
      this.#key = key;
      this.#wanted = listen === undefined ? undefined : settings;
      await this.#shut();
      await this.#open();
    });
    return this.#busy;
  }

  async close(): Promise<void> {
    this.#wanted = undefined;
    this.#key = '';
    await this.#busy;
    await this.#shut();
  }

  async #open(): Promise<void> {
    if (this.#wanted === undefined || this.#door !== undefined) return;
    try {
      this.#door = await openTlsDoor(this.#wanted, { ...this.#options, onTls: (told) => this.#onTls(told) });
    } catch (error) {
      // Told once, not with each try.
      if ((error as Error).message !== this.#trouble) this.#onTls({ error: error as Error });
      this.#again = setTimeout(() => {
        this.#busy = this.#busy.then(() => this.#open());
      }, AGAIN_MS);
      this.#again.unref();
    }
  }

  #onTls(told: Parameters<TlsDoorOptions['onTls']>[0]): void {
    if ('error' in told) this.#trouble = told.error.message;
    else [this.#trouble, this.#untilMs] = [undefined, told.notAfterMs];
    this.#options.onTls(told);
  }

  async #shut(): Promise<void> {
    clearTimeout(this.#again);
    const door = this.#door;
    this.#door = undefined;
    [this.#trouble, this.#untilMs] = [undefined, undefined];
    if (door === undefined) return;
    this.#streams.closeWhere((socket) => door.owns(socket));
    await door.close();
  }
}
