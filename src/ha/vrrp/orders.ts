// What keepalived is told of a group besides its configuration: how much to add to its priority, and whether to stand back.
import type { GroupInputs } from '../roles/inputs.ts';

export interface VrrpOrders {
  readonly weight: number;
  readonly fault: boolean;
}

/** Down to priority 1: the node takes over only when nobody else is there. One less is FAULT to keepalived. */
export const LAST_RESORT = -253;

export function vrrpOrders(inputs: GroupInputs, damped: boolean): VrrpOrders {
  // Without a configuration the address would lead nowhere: better nobody answers than this node.
  const fault = !inputs.applied || inputs.faults.length > 0;
  const yields = inputs.maintenance || !inputs.synced || damped;
  return { fault, weight: yields ? LAST_RESORT : inputs.weight };
}
