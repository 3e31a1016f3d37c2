// Facts: what is known about the world outside the Intent at one moment. Pure input of resolve().
import type { ConcreteEngine, Role } from './protocol.ts';
import type { Reason } from './reason.ts';

export const MEMBER_HEALTH = ['unknown', 'up', 'down'] as const;
export type MemberHealthState = (typeof MEMBER_HEALTH)[number];

export interface MemberHealth {
  readonly state: MemberHealthState;
  /** Share of the configured weight a checker grants, 0-1; 1 unless a dynamic check says otherwise. */
  readonly factor: number;
  /** Absolute weight set by a dynamic check; wins over `factor`. */
  readonly dynamicWeight?: number;
  /** Share granted by slow start, 0-1. */
  readonly ramp: number;
  readonly sinceMs: number;
  readonly lastError?: string;
}

/** An operator's word about a member, above configuration and health. */
export interface Override {
  readonly state: 'drain' | 'down' | 'up';
  /** Wall clock at which it ends (drain: member is then down); absent means until reset. */
  readonly untilMs?: number;
  readonly by: string;
  readonly why?: string;
}

/** What the machine offers, found by probing. */
export interface EngineFact {
  readonly available: boolean;
  /** Why not, in words an operator understands. */
  readonly why?: string;
}

export interface RoleFact {
  readonly role: Role;
  readonly epoch: number;
  readonly reason: Reason;
}

export interface Facts {
  readonly nowMs: number;
  readonly engines: Readonly<Record<ConcreteEngine, EngineFact>>;
  /** By HA group name; a VIP of no group is always active. */
  readonly roles: ReadonlyMap<string, RoleFact>;
  /** By memberKey(pool, member name). */
  readonly health: ReadonlyMap<string, MemberHealth>;
  readonly overrides: ReadonlyMap<string, Override>;
  /** By pool name (`web`, and `web ipv4`, `web ipv6` where members of both families are in it): held last round, for hysteresis. */
  readonly quorum: ReadonlyMap<string, boolean>;
}
