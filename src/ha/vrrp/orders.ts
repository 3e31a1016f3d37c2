// What keepalived is told of a group besides its configuration: how much to add to its priority, and whether to stand back.
import type { Role } from '../../model/protocol.ts';
import type { GroupInputs } from '../roles/inputs.ts';

export interface VrrpOrders {
  readonly weight: number;
  readonly fault: boolean;
}

/** Down to priority 1: the node takes over only when nobody else is there. One less is FAULT to keepalived. */
export const LAST_RESORT = -253;

/**
 * `role` as it stands: who is active already goes on, whatever happened to us.
 * `pulse`: let go for a moment, as peers that do not preempt take over from nobody who still speaks.
 */
export function vrrpOrders(
  inputs: GroupInputs,
  now: { readonly role: Role; readonly damped: boolean; readonly pulse: boolean },
): VrrpOrders {
  const isActive = now.role === 'active';
  // Without a configuration the address would lead nowhere: better nobody answers than this node.
  const fault =
    inputs.faults.length > 0 || inputs.yieldsTo !== undefined || now.pulse || (!inputs.applied && !isActive);
  const yields = inputs.maintenance || inputs.isUnheard || (!isActive && (!inputs.synced || now.damped));
  return { fault, weight: yields ? LAST_RESORT : inputs.weight };
}
