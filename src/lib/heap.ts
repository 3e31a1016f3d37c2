// A binary heap: the smallest by number comes out first, equal ones in the order they came.

interface Entry<T> {
  readonly order: number;
  readonly sequence: number;
  readonly value: T;
}

export class MinHeap<T> {
  readonly #entries: Entry<T>[] = [];
  #sequence = 0;

  get size(): number {
    return this.#entries.length;
  }

  push(order: number, value: T): void {
    const entries = this.#entries;
    entries.push({ order, sequence: this.#sequence++, value });
    let index = entries.length - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!this.#isBefore(index, parent)) break;
      this.#swap(parent, index);
      index = parent;
    }
  }

  peekOrder(): number | undefined {
    return this.#entries[0]?.order;
  }

  pop(): T | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined) return undefined;
    if (entries.length > 0) {
      entries[0] = last;
      this.#sink();
    }
    return first.value;
  }

  #sink(): void {
    const size = this.#entries.length;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = left + 1;
      let least = index;
      if (left < size && this.#isBefore(left, least)) least = left;
      if (right < size && this.#isBefore(right, least)) least = right;
      if (least === index) return;
      this.#swap(index, least);
      index = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const left = this.#entries[a]!;
    const right = this.#entries[b]!;
    return left.order < right.order || (left.order === right.order && left.sequence < right.sequence);
  }

  #swap(a: number, b: number): void {
    const entries = this.#entries;
    const held = entries[a]!;
    entries[a] = entries[b]!;
    entries[b] = held;
  }
}
