// Everything that decides a group's role on this node, as one value.
import type { HaGroup } from '../../model/ha.ts';
import type { Role } from '../../model/protocol.ts';

/** What the group's chooser says. */
export type Choice =
  /** keepalived or vrrpd decided and has moved the addresses already. `why` it is in fault. */
  | { readonly kind: 'vrrp'; readonly role: Role; readonly why?: string }
  /** An elector outside grants the role until a moment. */
  | {
      readonly kind: 'lease';
      readonly role: 'active' | 'standby';
      readonly epoch: number;
      readonly untilMs: number;
    }
  /**
   * Whether the other nodes are seen; `unknown` until the watch had time to speak, `none` where nothing watches. `deaf` is
   * seen and sees nobody: it carries the addresses.
   */
  | { readonly kind: 'peers'; readonly alive: 'some' | 'no' | 'none' | 'unknown' | 'deaf' };

/** What a peer says of itself. */
export interface PeerReport {
  readonly node: string;
  readonly role: Role;
  readonly epoch: number;
  readonly priority: number;
  readonly untilMs: number;
}

/** Somebody else seen carrying our addresses. Who it is may be unknown: only that it answers. */
export interface Rival {
  readonly how: 'advert' | 'address' | 'report' | 'epoch';
  readonly node?: string;
  readonly priority?: number;
  readonly epoch?: number;
  readonly untilMs: number;
}

export interface GroupInputs {
  readonly group: HaGroup;
  readonly node: string;
  /** The node that carries the group when all is well. */
  readonly preferred: boolean;
  /** The configuration stands in the data planes. */
  readonly applied: boolean;
  /** Connections of the peer have been taken over, or are not asked for. */
  readonly synced: boolean;
  readonly maintenance: boolean;
  /** What keeps this node from serving at all. */
  readonly faults: readonly string[];
  /** Added to the priority by what is tracked. */
  readonly weight: number;
  /** What VRRP says its priority is, where it does: it tracks scripts and files by itself. */
  readonly spokenPriority?: number;
  readonly choice?: Choice;
  readonly peer?: PeerReport;
  readonly rival?: Rival;
  /** The peer that carries it too and comes first, while this node stands back from it. */
  readonly yieldsTo?: string;
  /** A second master does not hear this node, which leaves it to it. */
  readonly isUnheard: boolean;
}

export function effectivePriority(inputs: GroupInputs): number {
  return inputs.spokenPriority ?? Math.min(254, Math.max(1, inputs.group.priority + inputs.weight));
}
