/* What happened to packets, one slot per reason. The names are read from this file by src/drivers/xdp/reasons.ts' test:
 * keep one a line, `COUNT_NAME, // meaning`. New ones go before COUNT_MAX; numbers are pinned in running kernels. */
#pragma once

#include "types.h"

enum count {
	COUNT_NONE, // never counted
	COUNT_FORWARDED, // sent on to a member
	COUNT_REPLIED, // a member's reply sent on to its client
	COUNT_PASS_OTHER, // not ours, left to the kernel
	COUNT_PASS_MALFORMED, // headers cut short or contradicting, left to the kernel
	COUNT_PASS_REPLY_UNKNOWN, // from a member, of no flow of ours, left to the kernel
	COUNT_ECHO, // echo request to a VIP answered
	COUNT_ICMP_FORWARDED, // ICMP error routed by the packet it quotes
	COUNT_ICMP_UNKNOWN, // ICMP error about no flow of ours, left to the kernel
	COUNT_RESET_SENT, // TCP reset sent to a client whose flow has no member
	COUNT_TOO_BIG_SENT, // fragmentation needed or packet too big sent
	COUNT_TTL_SENT, // time exceeded sent
	COUNT_SYN_GUARDED, // flood guard: forwarded by hash without state
	COUNT_FRAGMENT, // later fragment sent after the first one
	COUNT_REPINNED, // flow of a vanished member given another one
	COUNT_FIB, // next hop asked from the kernel
	COUNT_DROP_NO_MEMBER, // no member can take a new flow
	COUNT_DROP_DENIED, // source not in allowed_sources
	COUNT_DROP_LISTENER_FULL, // listener at its connection limit
	COUNT_DROP_LISTENER_RATE, // listener above its new connections a second
	COUNT_DROP_SOURCE_RATE, // source above its new connections a second
	COUNT_DROP_MEMBER_FULL, // members at their connection limit
	COUNT_DROP_FLOOD, // flood guard: a new flow that needs state
	COUNT_DROP_NO_PORT, // no free source port towards the member
	COUNT_DROP_NAT_COLLISION, // same client port already towards this member by another listener
	COUNT_DROP_FLOW_FULL, // flow table refused an entry
	COUNT_DROP_NO_FLOW, // packet that needs a flow and has none
	COUNT_DROP_NO_NEIGHBOUR, // next hop has no MAC address
	COUNT_DROP_NO_ROUTE, // no next hop, or forwarding is off
	COUNT_DROP_TOO_BIG, // larger than the path and not to be told
	COUNT_DROP_TTL, // time to live used up and not to be told
	COUNT_DROP_FRAGMENT, // fragment whose first one was not seen
	COUNT_DROP_HEADROOM, // driver left no room in front of the packet
	COUNT_DROP_MALFORMED, // to one of ours, with a header that cannot be forwarded
	COUNT_DROP_ICMP, // ICMP error that cannot be rewritten
	COUNT_DROP_INTERNAL, // a table row is missing: a fault of ours
	COUNT_DROP_SOURCE, // source address that no client can have
	COUNT_PEERS_FULL, // no number left for a client's neighbour: its replies go by the kernel's routes
	COUNT_MAX = 64,
};
