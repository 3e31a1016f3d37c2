// World: what should be true on this node now. Listeners are expanded to one address and port (or range) each,
// engines are decided, weights are effective. Drivers read it and nothing else.
import type { HttpOptions } from './http.ts';
import { poolKey } from './keys.ts';
import type { ListenerLimits, Persistence, Timeouts, Tunnel } from './listener.ts';
import type { FailureAction, Pool } from './pool.ts';
import type {
  ConcreteEngine,
  ListenerProtocol,
  Mode,
  Scheduler,
  SchedulerFlag,
  Transport,
} from './protocol.ts';
import type { Reason } from './reason.ts';
import type { Certificate, ListenerTls } from './tls.ts';

/** An address this node should hold now. */
export interface WorldAddress {
  readonly key: string;
  readonly vip: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly interface: string;
  /** `ha`: high availability puts it there and takes it away, within milliseconds; the address driver leaves it alone. */
  readonly carrier?: 'ha';
}

export interface WorldMember {
  /** `10.0.0.1:80`, `[2001:db8::1]:80`; unique in its listener. */
  readonly key: string;
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** Configured weight, as the operator wrote it. */
  readonly weight: number;
  /** What the data plane gets: health, ramp, overrides, backup and quorum applied. 0 admits no new flow. */
  readonly effectiveWeight: number;
  /** False: the member gets no row at all (failed with `onFailure: remove`, idle backup, down by operator). */
  readonly present: boolean;
  /** True: existing flows of it are reset or re-hashed at once. */
  readonly resetFlows: boolean;
  readonly maxConnections: number;
  readonly minConnections: number;
  readonly reason: Reason;
}

export interface WorldListener {
  /** `tcp/192.0.2.10:443`, `udp/[2001:db8::1]:53`, `tcp/192.0.2.10:8000-8100`, `mark/7/4`. */
  readonly key: string;
  /** Name of the Listener it comes from. */
  readonly name: string;
  readonly pool: string;
  readonly protocol: ListenerProtocol;
  readonly transport: Transport;
  /** Empty for mark listeners. */
  readonly address: string;
  readonly portFrom: number;
  readonly portTo: number;
  readonly mark?: number;
  readonly family: 4 | 6;
  readonly engine: ConcreteEngine;
  /** Why this engine, for `show world` and Status. */
  readonly engineReason: string;
  readonly mode: Mode;
  readonly tunnel: Tunnel;
  readonly scheduler: Scheduler;
  readonly schedulerFlags: readonly SchedulerFlag[];
  readonly schedulerKey?: string;
  readonly persistence?: Persistence;
  readonly members: readonly WorldMember[];
  readonly onFailure: FailureAction;
  readonly drainMs: number;
  readonly sourceAddresses: readonly string[];
  readonly allowedSources: readonly string[];
  readonly limits: ListenerLimits;
  readonly adopt: boolean;
  /** What only a terminating proxy reads. */
  readonly layer7?: WorldLayer7;
}

export interface WorldLayer7 {
  readonly timeouts: Timeouts;
  readonly tls?: ListenerTls;
  readonly http?: HttpOptions;
  readonly acceptProxy: boolean;
  readonly raw: readonly string[];
  readonly sorry?: { readonly address: string; readonly port: number };
  readonly poolOptions: Pick<Pool, 'tls' | 'sendProxy' | 'maxQueue' | 'slowStartMs' | 'passive'>;
  /** Pools that rules send to, with their own members. */
  readonly rulePools: readonly WorldPool[];
}

export interface WorldPool {
  readonly name: string;
  readonly drainMs: number;
  readonly members: readonly WorldMember[];
  readonly options: Pick<Pool, 'tls' | 'sendProxy' | 'maxQueue' | 'slowStartMs' | 'passive'>;
}

/** What holds members of a listener: itself with its own pool, and each pool that its rules send to. */
export function containersOf(listener: WorldListener): readonly [Container, ...Container[]] {
  const { key, pool, members, drainMs, layer7 } = listener;
  const byRules = (layer7?.rulePools ?? []).map((of) => ({
    of,
    key: poolKey(key, of.name),
    pool: of.name,
    members: of.members,
    drainMs: of.drainMs,
  }));
  return [{ of: listener, key, pool, members, drainMs }, ...byRules];
}

export interface Container {
  readonly of: WorldListener | WorldPool;
  readonly key: string;
  readonly pool: string;
  readonly members: readonly WorldMember[];
  readonly drainMs: number;
}

export interface World {
  readonly addresses: readonly WorldAddress[];
  readonly listeners: readonly WorldListener[];
  readonly certificates: readonly Certificate[];
  /** What resolve() could not place, with the reason; shown in Status, never dropped. */
  readonly unplaced: readonly UnplacedListener[];
}

export interface UnplacedListener {
  readonly listener: string;
  readonly reason: Reason;
  readonly detail: string;
  /** Of one that should serve and has no engine: keys under which another engine may carry it still. */
  readonly keys: readonly string[];
}
