// What `lbctl ha status` shows: the role of each group on this node, and what high availability knows of itself.
import type { RoleChooser } from './ha.ts';
import type { Role } from './protocol.ts';
import type { Reason } from './reason.ts';

export interface HaGroupStatus {
  readonly group: string;
  readonly chooser: RoleChooser;
  readonly role: Role;
  readonly epoch: number;
  readonly reason: Reason;
  readonly detail: string;
  readonly sinceMs: number;
  readonly priority: number;
}

export const SYNC_PEER_STATES = ['dialing', 'pulling', 'synced', 'away', 'refused'] as const;
export type SyncPeerState = (typeof SYNC_PEER_STATES)[number];

/** Connection sync of engine xdp. */
export interface HaSyncStatus {
  /** Flows that peers were told of, or told us of. */
  readonly flows: number;
  /** Flows of peers that found no place: their listener, member or source address is not configured here. */
  readonly homeless: number;
  /** How long the last look through all flows took. */
  readonly lookMs: number;
  /** Peers that come to us for flows. */
  readonly followers: number;
  /** Changes that wait for the slowest of them. */
  readonly backlog: number;
  readonly peers: readonly {
    readonly peer: string;
    readonly state: SyncPeerState;
    /** Flows that came with the last pull. */
    readonly received: number;
  }[];
}

export const ANNOUNCE_AS = ['active', 'standby', 'drain'] as const;
/** With which attributes a route goes out; `drain` asks everybody to look elsewhere first (RFC 8326). */
export type AnnounceAs = (typeof ANNOUNCE_AS)[number];

export interface Announcement {
  readonly address: string;
  readonly as: AnnounceAs;
}

export interface HaStatus {
  readonly maintenance: boolean;
  readonly applied: boolean;
  readonly synced: boolean;
  readonly sync?: HaSyncStatus;
  readonly keepalivedPid?: number;
  /** Adverts heard from a second master since the start. */
  readonly rivalAdverts: number;
  /** Commands that changed FRR's configuration since the start: it stays still while nothing changes. */
  readonly frrCommands: number;
  /** BFD sessions by name: up or not. */
  readonly bfd: Readonly<Record<string, boolean>>;
  /** States of BGP sessions by the name of the peer, as FRR calls them: `Established` is the good one. */
  readonly bgp: Readonly<Record<string, string>>;
  /** Routes to VIPs that bgpd was told of and took. */
  readonly announced: readonly Announcement[];
  readonly groups: readonly HaGroupStatus[];
  readonly troubles: readonly string[];
}
