// The bytes of one scrape, for whoever asks: counting begins when it is made. Two who ask at once share one.
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Control } from '../../engine/control.ts';
import { LabelBytes } from './label-bytes.ts';
import { type OwnCounts, scrape } from './scrape.ts';
import { Tally } from './tally.ts';

/** Gauges that end like counters; the same numbers come by type under `nodejs_active_*`. */
const MISNAMED = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

export class MetricsPage {
  /** Series written at most. */
  maxSeries: number;
  readonly #control: Control;
  readonly #own: () => OwnCounts;
  readonly #tally: Tally;
  readonly #registry = new Registry();
  readonly #errors = new Map<string, number>();
  readonly #labels = new LabelBytes();
  #dropped = 0;
  #running: Promise<readonly Buffer[]> | undefined;

  constructor(control: Control, maxSeries: number, own: () => OwnCounts = () => ({})) {
    this.#control = control;
    this.#own = own;
    this.maxSeries = maxSeries;
    this.#tally = new Tally(control);
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  read(): Promise<readonly Buffer[]> {
    this.#running ??= this.#make().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  close(): void {
    this.#tally.close();
    this.#registry.clear();
  }

  async #make(): Promise<readonly Buffer[]> {
    const { chunks, dropped } = await scrape({
      control: this.#control,
      tally: this.#tally,
      maxSeries: this.maxSeries,
      droppedBefore: this.#dropped,
      errors: this.#errors,
      processText: await this.#registry.metrics(),
      own: this.#own(),
      labels: this.#labels,
    });
    this.#dropped = dropped;
    return chunks;
  }
}
