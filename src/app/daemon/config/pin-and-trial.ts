// Two things about the running configuration that must survive a restart: that its files are not those on disk, and that it
// is undone unless somebody confirms it.
import { LbError } from '../../../model/errors.ts';
import type { RunningConfig } from '../../../model/status.ts';
import type { Deadline } from '../deadline.ts';

export interface Pin {
  /** Whose files are in force. */
  readonly revision: number;
  readonly atMs: number;
  /** Digest of what was on disk then: while it is there still, a reload changes nothing. */
  readonly disk: string;
}

export type Trial = NonNullable<RunningConfig['trial']>;

/** With what tells after a restart how much of its time is left, though the clock was set meanwhile. */
export interface KeptTrial extends Trial, Deadline {}

interface Memory {
  recall<T>(name: string): T | undefined;
  remember(name: string, value: unknown): void;
}

export class PinAndTrial {
  readonly #memory: Memory;
  #pin: Pin | undefined;
  #trial: KeptTrial | undefined;
  /** What holds already and the disk has not taken yet. */
  readonly #unsaved = new Map<'pin' | 'trial', Pin | KeptTrial | null>();

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#pin = memory.recall<Pin | null>('pin') ?? undefined;
    this.#trial = memory.recall<KeptTrial | null>('trial') ?? undefined;
  }

  get pin(): Pin | undefined {
    return this.#pin;
  }

  get trial(): KeptTrial | undefined {
    return this.#trial;
  }

  /** Of what is done already: where the disk takes nothing, it is written later. */
  holdPin(pin: Pin | undefined): void {
    if (pin === undefined && this.#pin === undefined) return;
    this.#pin = pin;
    this.#unsaved.set('pin', pin ?? null);
    this.save();
  }

  /** Its revision is stored and in force already. */
  beginTrial(trial: KeptTrial): void {
    this.#trial = trial;
    this.#unsaved.set('trial', trial);
    this.save();
  }

  /** As the clock has it now. */
  moveTrial(untilMs: number): void {
    if (this.#trial !== undefined) this.#trial = { ...this.#trial, untilMs };
  }

  /** Throws where that cannot be kept: a restart would undo what somebody was told is kept. */
  keepTrial(): void {
    this.#remember('trial', null);
    this.#trial = undefined;
  }

  /** It is undone: where the disk takes nothing, this is written later. */
  dropTrial(): void {
    if (this.#trial === undefined) return;
    this.#trial = undefined;
    this.#unsaved.set('trial', null);
    this.save();
  }

  /** Tries again what the disk did not take. */
  save(): void {
    for (const [name, value] of this.#unsaved) {
      try {
        this.#remember(name, value);
      } catch (error) {
        if (!(error instanceof LbError)) throw error;
        return;
      }
    }
  }

  #remember(name: 'pin' | 'trial', value: unknown): void {
    this.#memory.remember(name, value);
    this.#unsaved.delete(name);
  }
}

export function toldTrial({ revision, previous, untilMs }: KeptTrial): Trial {
  return { revision, previous, untilMs };
}
