// Map entries gathered over many steps and written in few system calls.
import type { BpfMap } from '../../kernel/bpf/map.ts';
import type { NearVips } from './near-vips.ts';

/** Entries of one map by key; the last write of a key wins. */
export class PendingWrites {
  readonly #map: BpfMap;
  readonly #puts = new Map<string, readonly [Uint8Array, Uint8Array]>();
  readonly #deletes = new Map<string, Uint8Array>();
  readonly #near: NearVips | undefined;
  #flushes = 0;

  /** `near`: what keeps the same rows close to the program. */
  constructor(map: BpfMap, near?: NearVips) {
    this.#map = map;
    this.#near = near;
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

  flush(): void {
    const puts = [...this.#puts.values()];
    const deletes = [...this.#deletes.values()];
    if (puts.length + deletes.length === 0) return;
    this.#flushes++;
    this.#puts.clear();
    const write = () => this.#write(puts, deletes);
    if (this.#near === undefined) write();
    else this.#near.around(puts, deletes, write);
  }

  /** Adds before it removes; what could not be added leaves the removals waiting. */
  #write(puts: readonly (readonly [Uint8Array, Uint8Array])[], deletes: readonly Uint8Array[]): void {
    if (puts.length > 0)
      this.#map.updateBatch(
        Buffer.concat(puts.map(([key]) => key)),
        Buffer.concat(puts.map(([, value]) => value)),
        puts.length,
      );
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
