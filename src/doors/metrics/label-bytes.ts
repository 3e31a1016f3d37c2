// Labels as bytes, kept from one scrape to the next: those of ten thousand listeners are the same every time.

/** What a scrape did not ask for is forgotten with the next. */
export class LabelBytes {
  #now = new Map<string, Uint8Array>();
  #before: ReadonlyMap<string, Uint8Array> = new Map();

  /** `id` is equal for equal labels alone. */
  of(id: string, make: () => string): Uint8Array {
    let bytes = this.#now.get(id);
    if (bytes !== undefined) return bytes;
    bytes = this.#before.get(id) ?? Buffer.from(make());
    this.#now.set(id, bytes);
    return bytes;
  }

  /** At the begin of each scrape. */
  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
