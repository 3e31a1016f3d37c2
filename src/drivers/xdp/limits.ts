// Rows of every table from the three limits an operator sets.
import { MAX_MEMBER_NUMBER, RING_BLOCK } from './layout.ts';

export interface XdpLimits {
  readonly maxListeners: number;
  readonly maxMembers: number;
  readonly maxFlows: number;
}

/** Ports of ranges beyond one a listener: one whole range of them. */
const RANGE_PORTS = 65_536;
/** Ring slots a listener on average: two rings of 509, as a change needs both, and room for larger ones. */
const SLOTS_PER_LISTENER = 1536;

export function tableSizes({
  maxListeners,
  maxMembers,
  maxFlows,
}: XdpLimits): Readonly<Record<string, number>> {
  // Row 0 is nobody's.
  const listeners = maxListeners + 1;
  const members = Math.min(maxMembers, MAX_MEMBER_NUMBER) + 1;
  // A port each, an address each, an endpoint for each member whose replies pass through us.
  const vips = 2 * listeners + members + RANGE_PORTS;
  const flows6 = Math.max(1024, Math.floor(maxFlows / 4));
  return {
    listeners,
    members,
    vips4: vips,
    vips6: vips,
    rings: Math.max(16_384, Math.ceil((listeners * SLOTS_PER_LISTENER) / RING_BLOCK)),
    sources: 4096,
    allowed: 65_536,
    flows4: maxFlows,
    flows6,
    fragments: 8192,
    stickies: flows6,
    source_rates: 65_536,
    member_live: members,
    listener_live: listeners,
    listener_rates: listeners,
    turns: listeners,
    member_counts: members,
  };
}
