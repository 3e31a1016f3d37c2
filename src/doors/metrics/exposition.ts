// Writes families in the Prometheus text format 0.0.4, and keeps a scrape within its budget of series.

export type Labels = readonly (readonly [name: string, value: string])[];

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
}

const CHUNK_BYTES = 1024 * 1024;

/**
 * One scrape. Families of few series are written first, so that those of many are what a full budget cuts.
 * Every row goes into bytes at once: a scrape of 300,000 series must not make as many strings for the collector.
 */
export class Exposition {
  readonly #maxSeries: number;
  readonly #full: Buffer[] = [];
  #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #at = 0;
  #series = 0;
  #dropped = 0;

  constructor(maxSeries: number) {
    this.#maxSeries = maxSeries;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Nothing more will be written: whoever makes rows may only count them. */
  get isFull(): boolean {
    return this.#series >= this.#maxSeries;
  }

  drop(series: number): void {
    this.#dropped += series;
  }

  family({ name, help, type }: Family): void {
    this.#put(`# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n`);
  }

  /** `name` of a histogram's row ends in `_bucket`, `_sum` or `_count`. */
  row(name: string, labels: string, value: number | bigint): void {
    this.rowOf(name, labels, '', value);
  }

  /** The labels in two pieces, so that what many rows share is not copied for each. */
  rowOf(name: string, open: string, tail: string, value: number | bigint): void {
    if (this.#series >= this.#maxSeries) {
      this.#dropped++;
      return;
    }
    this.#series++;
    this.#put(name);
    this.#put(open);
    this.#put(`${tail} ${numberText(value)}\n`);
  }

  /** A histogram is written whole or not at all: half of one would be wrong. */
  histogram(name: string, labels: Labels, bounds: readonly number[], data: HistogramData): void {
    const rows = bounds.length + 3;
    if (this.#series + rows > this.#maxSeries) {
      this.#dropped += rows;
      return;
    }
    let total = 0;
    for (const [i, bound] of bounds.entries()) {
      total += data.buckets[i] ?? 0;
      this.row(`${name}_bucket`, labelText([...labels, ['le', numberText(bound)]]), total);
    }
    this.row(`${name}_bucket`, labelText([...labels, ['le', '+Inf']]), data.count);
    this.row(`${name}_sum`, labelText(labels), data.sum);
    this.row(`${name}_count`, labelText(labels), data.count);
  }

  /** Text another writer made; its rows count. */
  append(text: string): void {
    if (text === '') return;
    const rows = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
    this.#series += rows;
    this.#put(text);
    if (!text.endsWith('\n')) this.#put('\n');
  }

  /** All of it so far; write no more after it. */
  chunks(): readonly Buffer[] {
    return [...this.#full, this.#chunk.subarray(0, this.#at)];
  }

  #put(text: string): void {
    // No character takes more than three bytes in UTF-8 for each of its UTF-16 units.
    const most = text.length * 3;
    if (this.#at + most > this.#chunk.length) {
      this.#full.push(this.#chunk.subarray(0, this.#at));
      this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
      this.#at = 0;
    }
    this.#at += this.#chunk.write(text, this.#at);
  }
}

export interface HistogramData {
  readonly count: number;
  readonly sum: number;
  /** By bound, not added up; one more for the rest. */
  readonly buckets: readonly number[];
}

/** `{node="lb-a",vip="www"}`; nothing for none. */
export function labelText(labels: Labels): string {
  if (labels.length === 0) return '';
  return `{${labels.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(',')}}`;
}

function numberText(value: number | bigint): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

const TO_ESCAPE = /[\\"\n]/;

export function escapeLabel(value: string): string {
  if (!TO_ESCAPE.test(value)) return value;
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
