// Rows as they were when they were last read, and what was made of them: tens of thousands are compared at every look.

/** Words `skipFrom` to `skipTo` of a row may change without the row being another one. */
export class SeenRows<Entry> {
  readonly #now: Uint32Array;
  readonly #then: Uint32Array;
  readonly #words: number;
  readonly #skipFrom: number;
  readonly #skipTo: number;
  readonly #entries: (Entry | undefined)[] = [];

  constructor(memory: ArrayBuffer, rowSize: number, skipFrom: number, skipTo: number) {
    this.#now = new Uint32Array(memory);
    this.#then = new Uint32Array(this.#now.length);
    this.#words = rowSize / 4;
    this.#skipFrom = skipFrom;
    this.#skipTo = skipTo;
  }

  /** What was made of the row, unless its bytes changed since. */
  get(row: number): Entry | undefined {
    const entry = this.#entries[row];
    if (entry === undefined) return undefined;
    const from = row * this.#words;
    return this.#isSame(from, from + this.#skipFrom) && this.#isSame(from + this.#skipTo, from + this.#words)
      ? entry
      : undefined;
  }

  set(row: number, entry: Entry): Entry {
    const from = row * this.#words;
    this.#then.set(this.#now.subarray(from, from + this.#words), from);
    this.#entries[row] = entry;
    return entry;
  }

  forget(row: number): void {
    if (row < this.#entries.length) this.#entries[row] = undefined;
  }

  #isSame(from: number, to: number): boolean {
    for (let at = from; at < to; at++) if (this.#now[at] !== this.#then[at]) return false;
    return true;
  }
}
