// A listener: which addresses and ports of ours take traffic, how it is balanced, and to which pool.
import type { HttpOptions } from './http.ts';
import type { Engine, ListenerProtocol, Mode, Scheduler, SchedulerFlag, TunnelType } from './protocol.ts';
import type { ListenerTls } from './tls.ts';

/** Inclusive; a single port is `{ from: 80, to: 80 }`. */
export interface PortRange {
  readonly from: number;
  readonly to: number;
}

export type Persistence =
  | {
      readonly kind: 'source';
      readonly timeoutMs: number;
      /** Clients in one network of this prefix length stick together: 32 (or 128) is one client. */
      readonly granularityV4: number;
      readonly granularityV6: number;
    }
  | { readonly kind: 'insert-cookie'; readonly cookie: string; readonly timeoutMs: number }
  | { readonly kind: 'app-cookie'; readonly cookie: string; readonly timeoutMs: number }
  /** IPVS `sip` persistence engine: by SIP Call-ID. */
  | { readonly kind: 'sip'; readonly timeoutMs: number };

export interface Timeouts {
  readonly clientMs: number;
  readonly connectMs: number;
  readonly memberMs: number;
  /** How long TCP content is inspected before a decision (SNI). */
  readonly inspectMs: number;
  readonly requestMs: number;
  readonly keepAliveMs: number;
}

export interface ListenerLimits {
  /** Concurrent connections; 0 is unlimited. */
  readonly connections: number;
  /** New connections a second over all sources; 0 is unlimited. */
  readonly connectionsPerSecond: number;
  /** New connections a second from one source; 0 is unlimited. */
  readonly perSourcePerSecond: number;
}

export interface Tunnel {
  readonly type: TunnelType;
  /** UDP port of GUE. */
  readonly port: number;
  readonly checksum: 'none' | 'full' | 'remote';
}

export interface Listener {
  readonly name: string;
  /** VIP names, at least one; empty only for `mark` listeners. */
  readonly vips: readonly string[];
  readonly ports: readonly PortRange[];
  readonly protocol: ListenerProtocol;
  /** A firewall mark instead of addresses and ports (IPVS fwmark service). */
  readonly mark?: number;
  /** Family of a mark listener. */
  readonly markFamily?: 4 | 6;
  readonly engine: Engine;
  readonly mode: Mode;
  readonly scheduler: Scheduler;
  readonly schedulerFlags: readonly SchedulerFlag[];
  /** Header name of scheduler `header`. */
  readonly schedulerKey?: string;
  readonly persistence?: Persistence;
  readonly pool: string;
  readonly tunnel: Tunnel;
  /** Source addresses of `fullnat`; `onearm` uses the node's own, or one that moves with the group (shared-source.ts). */
  readonly sourceAddresses: readonly string[];
  /** Prefixes that may connect; empty admits all. */
  readonly allowedSources: readonly string[];
  readonly limits: ListenerLimits;
  readonly timeouts: Timeouts;
  readonly tls?: ListenerTls;
  readonly http?: HttpOptions;
  /** Accept PROXY protocol from clients. */
  readonly acceptProxy: boolean;
  /** Lines put verbatim into the proxy's section; an admin's own risk. */
  readonly raw: readonly string[];
  readonly enabled: boolean;
  /** Take over an object somebody else made on our key. */
  readonly adopt: boolean;
}

/** Its own, and those that its rules send to. */
export function poolsOf({ pool, http }: Listener): ReadonlySet<string> {
  return new Set([
    pool,
    ...(http?.rules ?? []).flatMap(({ action }) => (action.kind === 'pool' ? [action.pool] : [])),
  ]);
}
