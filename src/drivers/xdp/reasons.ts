// What the program counts and what each means, in the order of enum count in bpf/count.h; a test holds the two together.
const MEANINGS = {
  none: 'never counted',
  forwarded: 'sent on to a member',
  replied: "a member's reply sent on to its client",
  pass_other: 'not ours, left to the kernel',
  pass_malformed: 'headers cut short or contradicting, left to the kernel',
  pass_reply_unknown: 'from a member, of no flow of ours, left to the kernel',
  echo: 'echo request to a VIP answered',
  icmp_forwarded: 'ICMP error routed by the packet it quotes',
  icmp_unknown: 'ICMP error about no flow of ours, left to the kernel',
  reset_sent: 'TCP reset sent to a client whose flow has no member',
  too_big_sent: 'fragmentation needed or packet too big sent',
  ttl_sent: 'time exceeded sent',
  syn_guarded: 'flood guard: forwarded by hash without state',
  fragment: 'later fragment sent after the first one',
  repinned: 'flow of a vanished member given another one',
  fib: 'next hop asked from the kernel',
  drop_no_member: 'no member can take a new flow',
  drop_denied: 'source not in allowed_sources',
  drop_listener_full: 'listener at its connection limit',
  drop_listener_rate: 'listener above its new connections a second',
  drop_source_rate: 'source above its new connections a second',
  drop_member_full: 'members at their connection limit',
  drop_flood: 'flood guard: a new flow that needs state',
  drop_no_port: 'no free source port towards the member',
  drop_nat_collision: 'same client port already towards this member by another listener',
  drop_flow_full: 'flow table refused an entry',
  drop_no_flow: 'packet that needs a flow and has none',
  drop_no_neighbour: 'next hop has no MAC address',
  drop_no_route: 'no next hop, or forwarding is off',
  drop_too_big: 'larger than the path and not to be told',
  drop_ttl: 'time to live used up and not to be told',
  drop_fragment: 'fragment whose first one was not seen',
  drop_headroom: 'driver left no room in front of the packet',
  drop_malformed: 'to one of ours, with a header that cannot be forwarded',
  drop_icmp: 'ICMP error that cannot be rewritten',
  drop_internal: 'a table row is missing: a fault of ours',
  drop_source: 'source address that no client can have',
  peers_full: "no number left for a client's neighbour: its replies go by the kernel's routes",
} as const;

export type CountName = keyof typeof MEANINGS;
export const COUNTS = Object.keys(MEANINGS) as readonly CountName[];

export function meaningOf(name: CountName): string {
  return MEANINGS[name];
}
