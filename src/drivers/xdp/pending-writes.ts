// Map entries gathered over many steps and written in few system calls.
import type { BpfMap } from '../../kernel/bpf/map.ts';

/** Entries of one map by key; the last write of a key wins. */
export class PendingWrites {
  readonly #map: BpfMap;
  readonly #puts = new Map<string, readonly [Uint8Array, Uint8Array]>();
  readonly #deletes = new Map<string, Uint8Array>();
  #flushes = 0;

  constructor(map: BpfMap) {
    this.#map = map;
  }

  /** Another number after each writing. */
  get flushes(): number {
    return this.#flushes;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const id = idOf(key);
    this.#deletes.delete(id);
    this.#puts.set(id, [key, value]);
  }

  delete(key: Uint8Array): void {
    const id = idOf(key);
    this.#puts.delete(id);
    this.#deletes.set(id, key);
  }

  /** Adds before it removes. */
  flush(): void {
    if (this.#puts.size + this.#deletes.size > 0) this.#flushes++;
    const puts = [...this.#puts.values()];
    this.#puts.clear();
    if (puts.length > 0)
      this.#map.updateBatch(
        Buffer.concat(puts.map(([key]) => key)),
        Buffer.concat(puts.map(([, value]) => value)),
        puts.length,
      );
    const deletes = [...this.#deletes.values()];
    this.#deletes.clear();
    for (const key of deletes) this.#map.delete(key);
  }
}

function idOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}
