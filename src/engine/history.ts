// What rounds did, newest last, as many as asked for. Rounds that did nothing leave no trace.
import type { HistorySink } from './ports.ts';

export interface RoundRecord {
  readonly number: number;
  readonly why: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly configHash: string;
  /** Ids of the steps that were applied; bounded by `RECORDED_STEPS`, the rest is only counted. */
  readonly applied: readonly string[];
  readonly appliedCount: number;
  readonly failed: readonly { readonly step: string; readonly message: string }[];
  readonly failedCount: number;
  readonly heldCount: number;
}

/** Steps named in one record: a first load of 10,000 listeners must not fill the history by itself. */
export const RECORDED_STEPS = 200;

export class RoundHistory implements HistorySink {
  readonly #limit: number;
  #records: RoundRecord[] = [];

  constructor(limit = 500) {
    this.#limit = limit;
  }

  record(round: RoundRecord): void {
    this.#records.push(round);
    if (this.#records.length > this.#limit) this.#records = this.#records.slice(-this.#limit);
  }

  list(): readonly RoundRecord[] {
    return this.#records;
  }
}
