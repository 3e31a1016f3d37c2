/* Neighbours on the client side, learnt from the frames they send: a reply goes back to whom the request came from,
 * with no route lookup. A number of 8 bits fits into the flow entry; whoever has none is found by the kernel's FIB. */
#pragma once

#include "maps.h"
#include "packet.h"

#define PEERS_MAX 256

static __always_inline bool same_hop(const struct hop *a, const struct hop *b)
{
	const __u32 *x = (const __u32 *)a, *y = (const __u32 *)b;
	return !((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2]) | (x[3] ^ y[3]) | (x[4] ^ y[4]));
}

static __always_inline struct hop *peer_of(__u32 number)
{
	return bpf_map_lookup_elem(&peers, &number);
}

static __always_inline __u32 peer_learn(const struct work *w)
{
	struct peer_key key;
	__u32 zero = 0, number;
	__u32 *known, *used;
	struct hop *row;

	/* A multicast bit on either side is nobody to answer to. */
	if (!w->came.ifindex || (w->came.destination_mac[0] & 1) || (w->came.source_mac[0] & 1))
		return 0;
	__builtin_memcpy(key.peer_mac, w->came.destination_mac, 6);
	__builtin_memcpy(key.our_mac, w->came.source_mac, 6);
	key.ifindex = w->came.ifindex;
	key.vlan = w->came.vlan;
	known = bpf_map_lookup_elem(&peer_numbers, &key);
	if (known)
		return *known;
	used = bpf_map_lookup_elem(&peers_used, &zero);
	if (!used || *used >= PEERS_MAX - 1)
		return 0;
	number = __sync_fetch_and_add(used, 1) + 1;
	row = peer_of(number);
	if (number >= PEERS_MAX || !row)
		return 0;
	*row = w->came;
	bpf_map_update_elem(&peer_numbers, &key, &number, BPF_NOEXIST);
	return number;
}

/* The peer of a flow that already has one; another sender of the same flow replaces it. */
static __always_inline __u32 peer_check(const struct work *w, __u32 number)
{
	struct hop *row = peer_of(number);
	if (number && row && same_hop(row, &w->came))
		return number;
	return peer_learn(w);
}
