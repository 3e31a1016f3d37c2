// How a node and its peer decide who carries the addresses, and what they share.
import type { Secret } from '../lib/secret.ts';

export const ROLE_CHOOSERS = ['vrrp', 'bgp', 'bgp-ecmp', 'bfd', 'external', 'static'] as const;
export type RoleChooser = (typeof ROLE_CHOOSERS)[number];

/** Something watched that lowers the priority (or faults the group when `weight` is 0). */
export interface Track {
  readonly kind: 'interface' | 'script' | 'file' | 'process' | 'pool' | 'bfd';
  /** Interface, file, process, pool or session name; the command line of a script. */
  readonly target: string;
  readonly weight: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly rise: number;
  readonly fall: number;
}

/** A set of VIPs that moves as one; one VRRP instance, or one BGP preference. */
export interface HaGroup {
  readonly name: string;
  readonly chooser: RoleChooser;
  readonly interface: string;
  readonly vips: readonly string[];
  /** Groups with the same sync name fail over together. */
  readonly syncGroup?: string;
  readonly vrid: number;
  /** This node's own priority, already picked by its role. */
  readonly priority: number;
  readonly advertMs: number;
  readonly preempt: boolean;
  readonly preemptDelayMs: number;
  readonly vrrpVersion: 2 | 3;
  readonly unicastPeers: readonly string[];
  readonly sourceAddress?: string;
  readonly auth?: { readonly type: 'pass' | 'ah'; readonly secret: Secret };
  readonly useVmac: boolean;
  readonly garpCount: number;
  readonly garpRepeatMs: number;
  readonly track: readonly Track[];
  /** Role at start of `static`; initial state of the others. */
  readonly initialRole: 'active' | 'standby';
  /** Where an elector writes its word, for groups of the chooser `external`. */
  readonly leaseFile?: string;
}

export interface BgpPeer {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly remoteAs: number;
  readonly password?: Secret;
  readonly multihop: number;
  readonly bfd?: string;
  readonly holdMs: number;
  readonly keepaliveMs: number;
  readonly maxPrefix: number;
}

export interface Bgp {
  readonly localAs: number;
  readonly routerId?: string;
  readonly peers: readonly BgpPeer[];
  readonly ecmp: boolean;
  readonly active: { readonly localPref: number; readonly med: number; readonly prepend: number };
  readonly standby: { readonly localPref: number; readonly med: number; readonly prepend: number };
  readonly communities: readonly string[];
}

export interface BfdSession {
  readonly name: string;
  readonly peer: string;
  readonly local?: string;
  readonly interface?: string;
  readonly transmitMs: number;
  readonly receiveMs: number;
  readonly multiplier: number;
  readonly multihop: boolean;
}

export interface ConnectionSync {
  readonly enabled: boolean;
  readonly interface?: string;
  /** IPVS sync daemon: instance id, multicast group, port, ttl, largest message. */
  readonly syncId: number;
  readonly multicastGroup: string;
  readonly port: number;
  readonly ttl: number;
  readonly maxBytes: number;
  /** XDP flow replication: where peers come for our flows, as host:port. Absent: the first address of the interface. */
  readonly listen?: string;
  /** Peers as host:port. */
  readonly peers: readonly string[];
  readonly minAgeMs: number;
  readonly certificate?: string;
  readonly ca?: string;
}

export interface Ha {
  readonly provider: 'keepalived' | 'frr' | 'none';
  readonly groups: readonly HaGroup[];
  readonly bgp?: Bgp;
  readonly bfd: readonly BfdSession[];
  readonly sync: ConnectionSync;
}
