// Status: what we tell. Built from observation and results only, never from wishes.
import type { LbError } from './errors.ts';
import type { MemberHealthState } from './facts.ts';
import { poolKey } from './keys.ts';
import type { Role } from './protocol.ts';
import type { Reason } from './reason.ts';

/** `ok` serves as asked; `degraded` serves with less; `down` does not serve; `pending` has work not yet applied. */
export const CONDITIONS = ['ok', 'degraded', 'down', 'standby', 'pending', 'disabled'] as const;
export type Condition = (typeof CONDITIONS)[number];

export interface ItemError {
  readonly key: string;
  readonly step: string;
  readonly error: ReturnType<LbError['toJSON']>;
  readonly attempts: number;
  /** Wall clock of the next try; absent when it waits for a change. */
  readonly nextTryMs?: number;
}

/** How long the answers of a member's checks took, over all of them since the daemon began to ask. */
export interface AnswerTimes {
  readonly count: number;
  readonly meanMs: number;
  /** Upper bound of the bucket in which half of them are. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Buckets that are not empty; the one without a bound holds what took longer than the others reach. */
  readonly histogram: readonly { readonly upToMs?: number; readonly count: number }[];
}

export interface MemberStatus {
  readonly key: string;
  readonly name: string;
  readonly weight: number;
  readonly effectiveWeight: number;
  /** Observed in the data plane; absent when there is no row. */
  readonly observedWeight?: number;
  readonly health: MemberHealthState;
  readonly reason: Reason;
  readonly sinceMs?: number;
  readonly lastError?: string;
  /** Added where Status is shown: it changes with every answer. */
  readonly answers?: AnswerTimes;
}

export interface PoolStatus {
  readonly pool: string;
  readonly members: readonly MemberStatus[];
}

export interface ListenerStatus {
  readonly key: string;
  readonly name: string;
  readonly engine: string;
  readonly engineReason: string;
  readonly mode: string;
  readonly condition: Condition;
  readonly reason: Reason;
  readonly members: readonly MemberStatus[];
  /** Pools that its rules send to. */
  readonly rulePools?: readonly PoolStatus[];
  readonly errors: readonly ItemError[];
}

/** Members of a listener by what holds them: its own pool, which is not named, then those that its rules send to. */
export function membersOf(
  listener: Pick<ListenerStatus, 'key' | 'members' | 'rulePools'>,
): readonly { readonly key: string; readonly pool?: string; readonly members: readonly MemberStatus[] }[] {
  const { key, members, rulePools = [] } = listener;
  return [{ key, members }, ...rulePools.map((one) => ({ ...one, key: poolKey(key, one.pool) }))];
}

export interface AddressStatus {
  readonly key: string;
  readonly vip: string;
  readonly wanted: boolean;
  readonly observed: boolean;
  readonly role: Role;
  readonly reason: Reason;
}

export interface RoundSummary {
  readonly number: number;
  readonly why: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly steps: number;
  readonly failed: number;
  readonly held: number;
  readonly driftRepaired: number;
}

/** What of the configuration in force is not simply "the files on disk". */
export interface RunningConfig {
  /** Absent before the first one was accepted, and where the history could not be written. */
  readonly revision?: number;
  /** Since this revision the files of an older one are in force, and those on disk are not, until they are changed. */
  readonly pinned?: { readonly revision: number; readonly atMs: number };
  /** Undone at `untilMs` unless confirmed. */
  readonly trial?: { readonly revision: number; readonly previous: number; readonly untilMs: number };
}

/** What the daemon itself cannot do as it is configured; traffic goes on. */
export interface Trouble {
  readonly message: string;
  readonly cure: string;
}

export interface Status {
  readonly node: string;
  readonly condition: Condition;
  readonly configHash: string;
  readonly running?: RunningConfig;
  /** Set when the newest configuration was refused and the last good one stays in force. */
  readonly configError?: string;
  readonly troubles?: readonly Trouble[];
  readonly listeners: readonly ListenerStatus[];
  readonly addresses: readonly AddressStatus[];
  readonly errors: readonly ItemError[];
  readonly round?: RoundSummary;
}
