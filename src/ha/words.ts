// What the rest of the house tells high availability.
import type { Role } from '../model/protocol.ts';

export type HaWord =
  /** The configuration stands in the data planes; connections of the peer have been taken over. */
  | { readonly kind: 'ready'; readonly applied: boolean; readonly synced: boolean }
  /** Whether a pool can serve (its quorum holds). */
  | { readonly kind: 'pool'; readonly pool: string; readonly healthy: boolean }
  /** Something that keeps this node from serving; without a message it is over. */
  | { readonly kind: 'fault'; readonly source: string; readonly message?: string }
  /** Whether a listener on the VIP can serve, for announcing it. */
  | { readonly kind: 'vip'; readonly vip: string; readonly canServe: boolean }
  /** An elector outside grants a role until the lease runs out. */
  | {
      readonly kind: 'lease';
      readonly group: string;
      readonly role: 'active' | 'standby';
      readonly epoch: number;
      readonly leaseMs: number;
    }
  /** What a peer says of itself. */
  | {
      readonly kind: 'peer';
      readonly group: string;
      readonly node: string;
      readonly role: Role;
      readonly epoch: number;
      readonly priority: number;
      readonly validMs: number;
    };
