// A table by name that is the table of before for as long as it holds the very same objects in their order: what is known of that one
// stays known, and most loads make none of their own.

export class SameTable<T extends { readonly name: string }> {
  readonly #before: ReadonlyMap<string, T>;
  readonly #rest: Iterator<T, undefined>;
  /** How many are as before; meaningless once a table of our own is there. */
  #same = 0;
  #own: Map<string, T> | undefined;

  constructor(before: ReadonlyMap<string, T> = new Map()) {
    this.#before = before;
    this.#rest = before.values();
  }

  set(one: T): void {
    if (this.#own === undefined && this.#rest.next().value === one) this.#same++;
    else this.#ownTable().set(one.name, one);
  }

  /** To be asked for when all are in. */
  get table(): ReadonlyMap<string, T> {
    return this.#own === undefined && this.#same === this.#before.size ? this.#before : this.#ownTable();
  }

  #ownTable(): Map<string, T> {
    if (this.#own === undefined) {
      this.#own = new Map();
      for (const [name, one] of this.#before) {
        if (this.#own.size === this.#same) break;
        this.#own.set(name, one);
      }
    }
    return this.#own;
  }
}
