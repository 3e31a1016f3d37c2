// Two things about the running configuration that must survive a restart: that its files are not those on disk, and that it
// is undone unless somebody confirms it.
import type { RunningConfig } from '../../../model/status.ts';

export interface Pin {
  /** Whose files are in force. */
  readonly revision: number;
  readonly atMs: number;
  /** Digest of what was on disk then: while it is there still, a reload changes nothing. */
  readonly disk: string;
}

export type Trial = NonNullable<RunningConfig['trial']>;

interface Memory {
  recall<T>(name: string): T | undefined;
  remember(name: string, value: unknown): void;
}

export class PinAndTrial {
  readonly #memory: Memory;
  #pin: Pin | undefined;
  #trial: Trial | undefined;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#pin = memory.recall<Pin | null>('pin') ?? undefined;
    this.#trial = memory.recall<Trial | null>('trial') ?? undefined;
  }

  get pin(): Pin | undefined {
    return this.#pin;
  }

  get trial(): Trial | undefined {
    return this.#trial;
  }

  setPin(pin: Pin): void {
    this.#memory.remember('pin', pin);
    this.#pin = pin;
  }

  unpin(): void {
    if (this.#pin === undefined) return;
    this.#pin = undefined;
    this.#memory.remember('pin', null);
  }

  beginTrial(trial: Trial): void {
    this.#memory.remember('trial', trial);
    this.#trial = trial;
  }

  endTrial(): void {
    if (this.#trial === undefined) return;
    this.#trial = undefined;
    this.#memory.remember('trial', null);
  }
}
