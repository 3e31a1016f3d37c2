// The highest epoch of each group, kept over restarts: a node that comes back must never speak with an epoch it used before.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

export interface EpochStore {
  load(): ReadonlyMap<string, number>;
  save(epochs: ReadonlyMap<string, number>): void;
}

export class EpochFile implements EpochStore {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Unreadable counts as empty: epochs then grow from what the peers are heard to say. */
  load(): ReadonlyMap<string, number> {
    try {
      const all = Object.entries(JSON.parse(readFileSync(this.#path, 'utf8')) as Record<string, unknown>);
      return new Map(all.filter((one): one is [string, number] => Number.isSafeInteger(one[1])));
    } catch {
      return new Map();
    }
  }

  save(epochs: ReadonlyMap<string, number>): void {
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o750 });
    const next = `${this.#path}.new`;
    writeFileSync(next, `${JSON.stringify(Object.fromEntries(epochs))}\n`, { mode: 0o640 });
    renameSync(next, this.#path);
  }
}

export function memoryEpochs(): EpochStore {
  let kept: ReadonlyMap<string, number> = new Map();
  return {
    load: () => kept,
    save: (epochs) => {
      kept = new Map(epochs);
    },
  };
}
