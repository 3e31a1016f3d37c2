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

export interface HaStatus {
  readonly maintenance: boolean;
  readonly applied: boolean;
  readonly synced: boolean;
  readonly keepalivedPid?: number;
  /** Adverts heard from a second master since the start. */
  readonly rivalAdverts: number;
  /** Commands that changed FRR's configuration since the start: it stays still while nothing changes. */
  readonly frrCommands: number;
  /** BFD sessions by name: up or not. */
  readonly bfd: Readonly<Record<string, boolean>>;
  readonly groups: readonly HaGroupStatus[];
  readonly troubles: readonly string[];
}
