// Rows of `sources`: runs of addresses that onearm and fullnat listeners send from. Flow entries hold an index into the
// run, so an address that stays keeps its place.
import { OpError } from '../../model/errors.ts';
import { SOURCE_SIZE } from './layout.ts';
import { addressBytes } from './rows.ts';
import { readSources } from './scan.ts';

export interface SourceRun {
  readonly first: number;
  readonly count: number;
}

export class SourceRows {
  readonly #memory: ArrayBuffer;
  readonly #taken: Uint8Array;

  constructor(memory: ArrayBuffer) {
    this.#memory = memory;
    this.#taken = new Uint8Array(Math.floor(memory.byteLength / SOURCE_SIZE));
  }

  adopt(first: number, count: number): void {
    this.#taken.fill(1, first, first + count);
  }

  release(first: number, count: number): void {
    this.#taken.fill(0, first, first + count);
  }

  read(first: number, count: number, six: boolean): readonly string[] {
    return readSources(this.#memory, first, count, six);
  }

  /** The run that holds `wanted`; in place where the number of addresses is the same. */
  replace(first: number, count: number, wanted: readonly string[]): SourceRun {
    const six = wanted[0]?.includes(':') ?? false;
    const before = this.read(first, count, six);
    const placed = keepPlaces(before, wanted);
    if (count !== wanted.length) {
      const next = this.#take(wanted.length);
      this.#write(next, placed);
      this.release(first, count);
      return { first: next, count: wanted.length };
    }
    this.#write(first, placed);
    return { first, count };
  }

  #write(first: number, addresses: readonly string[]): void {
    addresses.forEach((address, index) => {
      const row = new Uint8Array(this.#memory, (first + index) * SOURCE_SIZE, SOURCE_SIZE);
      const wanted = addressBytes(address);
      if (!row.every((byte, at) => byte === wanted[at])) row.set(wanted);
    });
  }

  #take(count: number): number {
    if (count === 0) return 0;
    let run = 0;
    for (let row = 0; row < this.#taken.length; row++) {
      run = this.#taken[row] === 0 ? run + 1 : 0;
      if (run === count) {
        this.#taken.fill(1, row - count + 1, row + 1);
        return row - count + 1;
      }
    }
    throw new OpError(
      'XDP_LIMIT',
      `Cannot hold ${count} more source addresses as the table is full: current value is ${this.#taken.length}`,
      { op: 'take', target: 'sources' },
      { retry: 'on-change', hint: 'Use fewer source addresses, or the same ones in fewer listeners' },
    );
  }
}

/** The wanted addresses, those that were there before at their old index. */
export function keepPlaces(before: readonly string[], wanted: readonly string[]): readonly string[] {
  const stays = (address: string | undefined) => address !== undefined && wanted.includes(address);
  const kept = before.slice(0, wanted.length).filter(stays);
  const others = wanted.filter((one) => !kept.includes(one));
  return wanted.map((_, index) => (stays(before[index]) ? before[index]! : others.shift()!));
}
