// Writes families in the Prometheus text format 0.0.4, and keeps a scrape within its budget of series.

export type Labels = readonly (readonly [name: string, value: string])[];

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
}

const CHUNK_BYTES = 1024 * 1024;
/** Of a 64 bit number, or of any other as JavaScript prints it; with the space before and the end of the line. */
const LONGEST_NUMBER = 32;
const [SPACE, NEWLINE, ZERO] = [32, 10, 48];

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
    if (this.#series >= this.#maxSeries) {
      this.#dropped++;
      return;
    }
    this.#series++;
    this.#put(`${name}${labels} ${numberText(value)}\n`);
  }

  /** The name and the labels as bytes that many rows share, what ends the labels beside them. */
  rowOf(name: Uint8Array, open: Uint8Array, tail: Uint8Array, value: number | bigint): void {
    if (this.#series >= this.#maxSeries) {
      this.#dropped++;
      return;
    }
    this.#series++;
    this.#reserve(name.length + open.length + tail.length + LONGEST_NUMBER);
    this.#copy(name);
    this.#copy(open);
    this.#copy(tail);
    this.#chunk[this.#at++] = SPACE;
    this.#number(value);
    this.#chunk[this.#at++] = NEWLINE;
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
    this.#reserve(text.length * 3);
    this.#at += this.#chunk.write(text, this.#at);
  }

  #reserve(most: number): void {
    if (this.#at + most <= this.#chunk.length) return;
    this.#full.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = Buffer.allocUnsafe(Math.max(CHUNK_BYTES, most));
    this.#at = 0;
  }

  /** By hand: a call for each of a million pieces would cost more than their bytes. */
  #copy(bytes: Uint8Array): void {
    const chunk = this.#chunk;
    let at = this.#at;
    for (let i = 0; i < bytes.length; i++) chunk[at++] = bytes[i]!;
    this.#at = at;
  }

  #number(value: number | bigint): void {
    const number = Number(value);
    if (!Number.isSafeInteger(number) || number < 0) {
      this.#at += this.#chunk.write(numberText(value), this.#at);
      return;
    }
    let digits = 1;
    for (let limit = 10; limit <= number; limit *= 10) digits++;
    let rest = number;
    for (let at = this.#at + digits - 1; at >= this.#at; at--) {
      const next = Math.floor(rest / 10);
      this.#chunk[at] = ZERO + rest - next * 10;
      rest = next;
    }
    this.#at += digits;
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
