// A heap: the smallest by number comes out first, equal ones in the order they came. Orders stand side by side, apart from what they
// order, and four children below each: of thousands, few places in memory are touched.

const CHILDREN = 4;

export class MinHeap<T> {
  readonly #orders: number[] = [];
  readonly #sequences: number[] = [];
  readonly #values: T[] = [];
  #sequence = 0;

  get size(): number {
    return this.#values.length;
  }

  push(order: number, value: T): void {
    this.#rise(this.#values.length, order, this.#sequence++, value);
  }

  peek(): T | undefined {
    return this.#values[0];
  }

  peekOrder(): number | undefined {
    return this.#orders[0];
  }

  pop(): T | undefined {
    const [first, size] = [this.#values[0], this.#values.length];
    const order = this.#orders.pop();
    const sequence = this.#sequences.pop();
    const last = this.#values.pop();
    if (size > 1) this.#sink(order!, sequence!, last!);
    return first;
  }

  #rise(from: number, order: number, sequence: number, value: T): void {
    let index = from;
    while (index > 0) {
      const parent = Math.floor((index - 1) / CHILDREN);
      // What comes is the youngest: of equals it stays below.
      if (this.#orders[parent]! <= order) break;
      this.#copy(parent, index);
      index = parent;
    }
    this.#put(index, order, sequence, value);
  }

  /** From the top, where a place is free. */
  #sink(order: number, sequence: number, value: T): void {
    const size = this.#values.length;
    let index = 0;
    for (;;) {
      const first = CHILDREN * index + 1;
      if (first >= size) break;
      let least = first;
      const end = Math.min(first + CHILDREN, size);
      for (let child = first + 1; child < end; child++)
        if (this.#isBefore(child, this.#orders[least]!, this.#sequences[least]!)) least = child;
      if (!this.#isBefore(least, order, sequence)) break;
      this.#copy(least, index);
      index = least;
    }
    this.#put(index, order, sequence, value);
  }

  #isBefore(index: number, order: number, sequence: number): boolean {
    const own = this.#orders[index]!;
    return own < order || (own === order && this.#sequences[index]! < sequence);
  }

  #copy(from: number, to: number): void {
    this.#put(to, this.#orders[from]!, this.#sequences[from]!, this.#values[from]!);
  }

  #put(index: number, order: number, sequence: number, value: T): void {
    this.#orders[index] = order;
    this.#sequences[index] = sequence;
    this.#values[index] = value;
  }
}
