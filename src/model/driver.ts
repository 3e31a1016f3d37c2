// The contract of a data plane. `desired` and `plan` are pure; `observe` reads everything the driver owns and only that.
import type { DataPlaneState } from './data-plane.ts';
import type { LbError } from './errors.ts';
import type { ItemMap, Observed } from './item.ts';
import type { Conflict, Step } from './plan.ts';
import type { World } from './world.ts';

export type StepResult =
  | { readonly step: Step; readonly ok: true }
  | { readonly step: Step; readonly ok: false; readonly error: LbError };

export interface DriverPlan {
  readonly steps: readonly Step[];
  readonly conflicts: readonly Conflict[];
  readonly notes: readonly string[];
}

/**
 * What a listener lets nobody have: a connection of a `source` that is not allowed or connects too often, a `tls` handshake that failed
 * (a client certificate too), what a `rule` rejects, a `request` that is none or comes too slowly, and what finds no place in the `queue`.
 */
export const REFUSALS = ['source', 'tls', 'rule', 'request', 'queue'] as const;
export type Refusal = (typeof REFUSALS)[number];

/** Counters read from the data plane, 64 bit, by item key. */
export interface ItemCounters {
  readonly key: string;
  readonly connections: bigint;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly packetsIn: bigint;
  readonly packetsOut: bigint;
  readonly bytesIn: bigint;
  readonly bytesOut: bigint;
  /** For those reasons that it can refuse by; absent where the data plane counts none. */
  readonly refused?: Readonly<Partial<Record<Refusal, bigint>>>;
}

export interface Driver {
  readonly name: string;

  /** Wanted items for this World. Same World, same items, in a stable order. */
  desired(world: World): ItemMap;

  /** Ordered by the engine afterwards; a driver only says which steps and in which phase. */
  plan(desired: ItemMap, observed: Observed): DriverPlan;

  /** Throws OpError when the outside cannot be read; never returns a part as if it were all. */
  observe(signal?: AbortSignal): Promise<Observed>;

  /**
   * Applies steps of one phase, in order, each idempotent: adding what is there and removing what is gone succeed.
   * One failing step does not stop the others. Exactly one result per step.
   */
  apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]>;

  counters?(signal?: AbortSignal): Promise<readonly ItemCounters[]>;

  /** How it stands on this machine, beside its items; undefined while it is not open. */
  state?(): DataPlaneState | undefined;

  /** Takes away what it set up to carry items (programs, tables), once no items of ours are left. */
  uninstall?(): Promise<void>;

  /** Leaves traffic flowing. */
  close(): Promise<void>;
}
