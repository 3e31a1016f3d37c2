// What high availability tells of itself while it works; notifications, logs and metrics read it.
import type { EngineEvent } from '../engine/events.ts';
import type { RoleFact } from '../model/facts.ts';
import type { Role } from '../model/protocol.ts';

export type HaEvent =
  | {
      readonly kind: 'role';
      readonly atMs: number;
      readonly group: string;
      readonly from: Role;
      readonly fact: RoleFact;
      readonly detail: string;
      /** How long the former role lasted. */
      readonly lastedMs: number;
    }
  | Extract<EngineEvent, { kind: 'split-brain' }>
  | {
      /** A program of ours ended: keepalived, an FRR daemon. */
      readonly kind: 'program-ended';
      readonly atMs: number;
      readonly program: string;
      readonly why: string;
      readonly addressesRemoved: number;
    }
  | { readonly kind: 'trouble'; readonly atMs: number; readonly what: string; readonly detail: string }
  | { readonly kind: 'note'; readonly atMs: number; readonly detail: string };
