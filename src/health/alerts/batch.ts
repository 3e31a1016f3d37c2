// Keeps a flood of alerts from becoming a flood of mails: the first goes out soon, those behind it travel together.
import type { Clock } from '../../lib/clock.ts';
import type { Alert } from './alert.ts';

export interface BatchOptions {
  readonly clock: Clock;
  /** How long the first alert waits for company. */
  readonly gatherMs: number;
  /** At most this many batches in any minute. */
  readonly perMinute: number;
  readonly send: (alerts: readonly Alert[], dropped: number) => void;
}

/** Alerts kept for one batch; beyond it they are counted, not kept. */
const MAX_GATHERED = 200;
const MINUTE_MS = 60_000;

export class AlertBatch {
  readonly #options: BatchOptions;
  #gathered: Alert[] = [];
  #dropped = 0;
  #sentMs: number[] = [];
  #cancel: (() => void) | undefined;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  add(alert: Alert): void {
    if (this.#gathered.length < MAX_GATHERED) this.#gathered.push(alert);
    else this.#dropped++;
    this.#cancel ??= this.#options.clock.after(this.#waitMs(), () => this.flush());
  }

  /** Sends what waits, whatever the limit says; used when the process ends. */
  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#gathered.length === 0) return;
    const alerts = this.#gathered;
    const dropped = this.#dropped;
    this.#gathered = [];
    this.#dropped = 0;
    this.#sentMs = [...this.#recentlySent(), this.#options.clock.nowMs()];
    this.#options.send(alerts, dropped);
  }

  #waitMs(): number {
    const sent = this.#recentlySent();
    const oldestThatCounts = sent.at(-this.#options.perMinute);
    if (oldestThatCounts === undefined) return this.#options.gatherMs;
    return Math.max(this.#options.gatherMs, oldestThatCounts + MINUTE_MS - this.#options.clock.nowMs());
  }

  #recentlySent(): number[] {
    const since = this.#options.clock.nowMs() - MINUTE_MS;
    return this.#sentMs.filter((at) => at > since);
  }
}
