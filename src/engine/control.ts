// What doors may ask of a running daemon and tell it. app/daemon implements it; doors know nothing behind it.
import type { DataPlaneState } from '../model/data-plane.ts';
import type { ItemCounters } from '../model/driver.ts';
import type { MemberHealth, Override, RoleFact } from '../model/facts.ts';
import type { HaStatus } from '../model/ha-status.ts';
import type { Intent } from '../model/intent.ts';
import type { Plan } from '../model/plan.ts';
import type { LogLevel } from '../model/settings.ts';
import type { AddressStatus, AnswerTimes, ListenerStatus, RoundSummary, Status } from '../model/status.ts';
import type { World } from '../model/world.ts';
import type { ConfigPort } from './config-port.ts';
import type { Drains } from './drains.ts';
import type { EngineEvent } from './events.ts';
import type { RoundRecord } from './history.ts';

/** Latency of one probe, in the buckets of `boundsMs` (one more for the rest). */
export interface ProbeLatency {
  readonly members: readonly string[];
  readonly type: string;
  readonly count: number;
  readonly sumMs: number;
  readonly buckets: readonly number[];
}

export const LONGEST_LEASE_MS = 3_600_000;

export interface Lease {
  readonly group: string;
  readonly role: 'active' | 'standby';
  /** Counts the elector's terms: one that speaks with an older epoch is not obeyed. */
  readonly epoch: number;
  readonly leaseMs: number;
}

export interface Control {
  readonly version: string;
  readonly startedMs: number;
  readonly config: ConfigPort;
  /** The Intent in force; undefined before the first one was accepted. */
  intent(): Intent | undefined;
  /** Of the whole node; undefined before the first round. */
  status(): Status | undefined;
  /** Of one listener: none before the first round. */
  listenerStatus(name: string): readonly ListenerStatus[];
  addressStatus(): readonly AddressStatus[];
  /** The last one; undefined before the first. */
  round(): RoundSummary | undefined;
  world(): World | undefined;
  /** Of the last round. */
  plan(): Plan | undefined;
  health(): ReadonlyMap<string, MemberHealth>;
  roles(): ReadonlyMap<string, RoleFact>;
  overrides(): ReadonlyMap<string, Override>;
  /** Members that left the configuration. */
  drains(): Drains;
  driftRepaired(): number;
  /** Newest last. */
  rounds(): readonly RoundRecord[];
  /** Counters of every data plane, by driver name. */
  counters(): Promise<ReadonlyMap<string, readonly ItemCounters[]>>;
  /** Those that tell of themselves, by driver name. */
  dataPlanes(): ReadonlyMap<string, DataPlaneState>;
  probeLatencies(): Promise<{
    readonly boundsMs: readonly number[];
    readonly probes: readonly ProbeLatency[];
  }>;
  /** Of the checks of a member (`pool/member`); undefined before the first answer. */
  answerTimes(member: string): AnswerTimes | undefined;
  /** A person wants what guards hold now. Resolves after the round. */
  confirm(): Promise<void>;
  /** By memberKey(pool, member name); undefined resets. Throws InputError NOT_FOUND for a member nobody configured. */
  setOverride(member: string, override: Override | undefined): void;
  logLevel(): LogLevel;
  setLogLevel(level: LogLevel): void;
  /** Undefined where no group is configured. */
  haStatus(): HaStatus | undefined;
  /** Keeps this node back from now on, over restarts too, or lets it come again. */
  setMaintenance(on: boolean): void;
  /** Hands every group over; resolves with the groups still active here when the time is up. */
  handover(timeoutMs: number): Promise<readonly string[]>;
  /** The word of an elector outside about a group it chooses for. */
  grantLease(lease: Lease): void;
  /** Called for every event from now on; the returned function ends it. */
  onEvent(listener: (event: EngineEvent) => void): () => void;
}
