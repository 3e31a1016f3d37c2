// What engine and high availability tell while they work, as typed values: notifications, logs, metrics and the event stream read them.

import type { Role } from '../model/protocol.ts';
import type { Reason } from '../model/reason.ts';

export const WAKE_REASONS = ['config', 'facts', 'network', 'drift-tick', 'retry', 'request'] as const;
/** Why a round runs. `facts` includes time passing a deadline (a drain, an override); `network`: links or addresses changed. */
export type WakeReason = (typeof WAKE_REASONS)[number];

export type EngineEvent =
  | { readonly kind: 'config-loaded'; readonly atMs: number; readonly hash: string }
  | { readonly kind: 'config-refused'; readonly atMs: number; readonly error: string }
  | {
      readonly kind: 'member-changed';
      readonly atMs: number;
      readonly pool: string;
      readonly member: string;
      readonly from: Reason;
      readonly to: Reason;
      readonly effectiveWeight: number;
    }
  | {
      readonly kind: 'quorum-changed';
      readonly atMs: number;
      readonly pool: string;
      readonly held: boolean;
      /** Of a pool with members of both families, one event each for `ipv4`, `ipv6` and `both` (what tunnels and proxies reach). */
      readonly members?: 'ipv4' | 'ipv6' | 'both';
    }
  | {
      readonly kind: 'role-changed';
      readonly atMs: number;
      readonly group: string;
      readonly from: Role;
      readonly to: Role;
      readonly epoch: number;
      readonly reason: Reason;
      readonly detail: string;
      /** How long the former role lasted. */
      readonly lastedMs: number;
    }
  /** Another node carries the addresses of a group too, or says so. */
  | {
      readonly kind: 'split-brain';
      readonly atMs: number;
      readonly group: string;
      readonly how: 'advert' | 'address' | 'report' | 'epoch';
      readonly detail: string;
    }
  /** keepalived, FRR, the peers: something high availability needs does not do its part. */
  | { readonly kind: 'ha-trouble'; readonly atMs: number; readonly what: string; readonly detail: string }
  | {
      readonly kind: 'listener-unplaced' | 'listener-placed';
      readonly atMs: number;
      readonly listener: string;
      readonly detail: string;
    }
  | { readonly kind: 'guard-held'; readonly atMs: number; readonly guard: string; readonly message: string }
  | { readonly kind: 'conflict-found'; readonly atMs: number; readonly driver: string; readonly key: string }
  | {
      readonly kind: 'drift-repaired';
      readonly atMs: number;
      readonly steps: readonly string[];
      readonly count: number;
    }
  /** The data plane runs with what their sources hold now: names of certificates; paths of CAs, CRLs and error pages. */
  | {
      readonly kind: 'certificates-renewed' | 'files-renewed';
      readonly atMs: number;
      /** The first ten. */
      readonly names: readonly string[];
      readonly count: number;
    }
  | {
      readonly kind: 'steps-failed';
      readonly atMs: number;
      readonly count: number;
      /** The first ten, joined. */
      readonly message: string;
    }
  | {
      readonly kind: 'driver-failed';
      readonly atMs: number;
      readonly driver: string;
      readonly message: string;
    }
  | { readonly kind: 'round-failed'; readonly atMs: number; readonly message: string };
