// Plan: ordered steps that turn Observed into what is desired. A value: printed, compared, stored, applied.
import type { Fields, Item } from './item.ts';

export type StepVerb = 'add' | 'change' | 'remove' | 'adopt';

/**
 * Phases in the order they are applied. Make before break inside a listener: what is new or stronger comes before what
 * is drained, and a drain before a removal. The address (or route) goes down before what stands behind it is taken
 * away, and comes up after all of it works.
 */
export const PHASES = [
  'prepare',
  'withdraw',
  'add-listener',
  'change-listener',
  'add-member',
  'change-member',
  'drain',
  'remove-member',
  'remove-listener',
  'clean',
  'announce',
] as const;
export type Phase = (typeof PHASES)[number];

export interface Step {
  /** Stable in one plan: `ipvs add-member tcp/192.0.2.10:80 > 10.0.0.1:80`. */
  readonly id: string;
  readonly driver: string;
  readonly phase: Phase;
  readonly verb: StepVerb;
  readonly item: Item;
  /** What is there now; absent for `add`. */
  readonly before?: Fields;
  /** Names of the fields that differ; empty for add and remove. */
  readonly changes: readonly string[];
  /** How the driver will do it where that matters: `runtime`, `nft`, `one service per port`; `reload` takes parent and child at once. */
  readonly how?: string;
}

export interface Conflict {
  readonly driver: string;
  readonly wanted: Item;
  readonly found: Item;
}

/** A refusal of the whole plan, or of its removals, until confirmed. */
export interface GuardVerdict {
  readonly guard:
    | 'max-deletions'
    | 'max-additions'
    | 'prune-before-load'
    | 'members-per-listener'
    | 'engine-missing';
  readonly message: string;
  readonly limit: number;
  readonly current: number;
  /** Ids of the steps held back. */
  readonly held: readonly string[];
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly conflicts: readonly Conflict[];
  readonly guards: readonly GuardVerdict[];
  /** What a reader should know that is no step. */
  readonly notes: readonly string[];
  readonly unchanged: number;
}
