// What is remembered of each flow between two looks: an open hash table in typed arrays, as hundreds of thousands of
// flows are looked up every second and objects would cost ten times as much.

export const KNOWN = {
  /** A peer was told, or told us. */
  told: 1,
  /** Its packets come through this node. */
  own: 2,
} as const;

const FREE = 0;
const USED = 1;
const DEAD = 2;

export class FlowIndex {
  readonly keySize: number;
  #mask = 0;
  #filled = 0;
  #size = 0;
  #state = new Uint8Array(0);
  keys = new Uint8Array(0);
  /** Number of the look that saw it last. */
  seen = new Uint32Array(0);
  /** When it was seen first, in tenths of a second. */
  since = new Uint32Array(0);
  sequence = new Uint32Array(0);
  /** Member number and the port we gave it, as they stand in the entry. */
  what = new Uint32Array(0);
  stamp = new Uint16Array(0);
  toldTick = new Uint16Array(0);
  source = new Uint8Array(0);
  flags = new Uint8Array(0);

  constructor(keySize: number, slots = 1024) {
    this.keySize = keySize;
    this.#allocate(slots);
  }

  get size(): number {
    return this.#size;
  }

  get slots(): number {
    return this.#mask + 1;
  }

  isUsed(slot: number): boolean {
    return this.#state[slot] === USED;
  }

  /** Slot of a key that stands at an offset of some bytes; -1 where it is not known. */
  find(bytes: Uint8Array, at: number): number {
    for (let slot = this.#hash(bytes, at); ; slot = (slot + 1) & this.#mask) {
      const state = this.#state[slot];
      if (state === FREE) return -1;
      if (state === USED && this.#same(slot, bytes, at)) return slot;
    }
  }

  /** A slot for a key that is not known yet; slots of others may be other ones afterwards. */
  add(bytes: Uint8Array, at: number): number {
    if ((this.#filled + 1) * 3 > this.slots * 2)
      this.#rebuild(this.#size * 2 > this.#filled ? this.slots * 2 : this.slots);
    let slot = this.#hash(bytes, at);
    while (this.#state[slot] === USED) slot = (slot + 1) & this.#mask;
    if (this.#state[slot] === FREE) this.#filled++;
    this.#size++;
    this.#state[slot] = USED;
    this.keys.set(bytes.subarray(at, at + this.keySize), slot * this.keySize);
    this.#clear(slot);
    return slot;
  }

  drop(slot: number): void {
    this.#state[slot] = DEAD;
    this.#size--;
  }

  /** Keys of the slots a test picks, one after another: they stay what they are while the table changes. */
  keysWhere(test: (slot: number) => boolean): Uint8Array {
    const picked: number[] = [];
    for (let slot = 0; slot <= this.#mask; slot++) if (this.isUsed(slot) && test(slot)) picked.push(slot);
    const copy = new Uint8Array(picked.length * this.keySize);
    picked.forEach((slot, i) => {
      copy.set(this.keys.subarray(slot * this.keySize, (slot + 1) * this.keySize), i * this.keySize);
    });
    return copy;
  }

  #clear(slot: number): void {
    for (const column of this.#columns()) column[slot] = 0;
  }

  #columns() {
    return [
      this.seen,
      this.since,
      this.sequence,
      this.what,
      this.stamp,
      this.toldTick,
      this.source,
      this.flags,
    ];
  }

  #hash(bytes: Uint8Array, at: number): number {
    let hash = 0x811c_9dc5;
    for (let i = at; i < at + this.keySize; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193);
    // The low bits of FNV alone spread too little for a power of two.
    return (hash ^ (hash >>> 15)) & this.#mask;
  }

  #same(slot: number, bytes: Uint8Array, at: number): boolean {
    const base = slot * this.keySize;
    for (let i = 0; i < this.keySize; i++) if (this.keys[base + i] !== bytes[at + i]) return false;
    return true;
  }

  #allocate(slots: number): void {
    this.#mask = slots - 1;
    this.#filled = 0;
    this.#size = 0;
    this.#state = new Uint8Array(slots);
    this.keys = new Uint8Array(slots * this.keySize);
    this.seen = new Uint32Array(slots);
    this.since = new Uint32Array(slots);
    this.sequence = new Uint32Array(slots);
    this.what = new Uint32Array(slots);
    this.stamp = new Uint16Array(slots);
    this.toldTick = new Uint16Array(slots);
    this.source = new Uint8Array(slots);
    this.flags = new Uint8Array(slots);
  }

  #rebuild(slots: number): void {
    const [state, keys, columns] = [this.#state, this.keys, this.#columns()];
    this.#allocate(slots);
    const into = this.#columns();
    for (let old = 0; old < state.length; old++) {
      if (state[old] !== USED) continue;
      let slot = this.#hash(keys, old * this.keySize);
      while (this.#state[slot] !== FREE) slot = (slot + 1) & this.#mask;
      this.#state[slot] = USED;
      this.#filled++;
      this.#size++;
      this.keys.set(keys.subarray(old * this.keySize, (old + 1) * this.keySize), slot * this.keySize);
      into.forEach((column, i) => {
        column[slot] = columns[i]![old]!;
      });
    }
  }
}
