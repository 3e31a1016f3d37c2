// A pool: members, how they are chosen, checked and counted.
import type { HealthCheck } from './health-check.ts';
import type { PoolTls } from './tls.ts';

/** What an operator says about a member; it wins over health. `drain` admits no new flow, `down` sends nothing, `up` ignores checks. */
export const MEMBER_ADMIN_STATES = ['enabled', 'drain', 'down', 'up'] as const;
export type MemberAdminState = (typeof MEMBER_ADMIN_STATES)[number];

export interface Member {
  /** Unique in its pool; `10.0.0.1:80` where none was given. */
  readonly name: string;
  /** Canonical text of the address. */
  readonly address: string;
  /** 0 means "the listener's own port", the only legal value for `dr` and for port ranges. */
  readonly port: number;
  /** 0-65535; 0 admits no new flow. */
  readonly weight: number;
  /** Used only while no ordinary member is usable. */
  readonly backup: boolean;
  readonly state: MemberAdminState;
  /** No new flow above this many; 0 is unlimited. */
  readonly maxConnections: number;
  /** New flows again once below this many (IPVS lower threshold); 0 is three quarters of the upper one. */
  readonly minConnections: number;
  readonly checks?: readonly HealthCheck[];
  /** Checked at another address or port than it serves. */
  readonly checkAddress?: string;
  readonly checkPort?: number;
}

/** What happens to flows of a member that failed: kept with weight 0, member removed, or flows reset. */
export const FAILURE_ACTIONS = ['keep', 'remove', 'reset'] as const;
export type FailureAction = (typeof FAILURE_ACTIONS)[number];

export interface Quorum {
  /** Sum of live weight needed to serve. */
  readonly weight: number;
  /** Gained at weight + hysteresis, lost below weight - hysteresis. */
  readonly hysteresis: number;
  readonly onUp?: string;
  readonly onDown?: string;
}

export interface SorryServer {
  readonly address: string;
  readonly port: number;
}

/** What a proxy may judge a member by besides its checks: whether connections succeed, or what it answers. */
export const OBSERVATIONS = ['connections', 'answers'] as const;
export type Observation = (typeof OBSERVATIONS)[number];

/** A member that fails this often in a row under real traffic gets none, until the proxy can connect again. */
export interface Passive {
  readonly observe: Observation;
  readonly errors: number;
  readonly retryMs: number;
}

export interface Pool {
  readonly name: string;
  readonly members: readonly Member[];
  readonly checks: readonly HealthCheck[];
  readonly quorum: Quorum;
  readonly sorry?: SorryServer;
  readonly onFailure: FailureAction;
  /** Ramp of a returning member from a tenth of its weight to all of it; 0 is off. */
  readonly slowStartMs: number;
  /** A removed or drained member keeps its flows this long. */
  readonly drainMs: number;
  /** Percentage of usable members under which all are used (panic); 0 is off. */
  readonly panicPercent: number;
  /** TLS towards the members; engine haproxy only. */
  readonly tls?: PoolTls;
  /** PROXY protocol sent to members; 0 is off. */
  readonly sendProxy: 0 | 1 | 2;
  /** haproxy only: requests that wait for a free member, per member; 0 is unlimited. */
  readonly maxQueue: number;
  /** haproxy only: real traffic is watched as well. */
  readonly passive?: Passive;
}
