/* Neighbours on the client side, learnt from the frames they send: a reply goes back to whom the request came from,
 * with no route lookup. A number of 8 bits fits into the flow entry; whoever has none is found by the kernel's FIB. */
#pragma once

#include "maps.h"
#include "packet.h"

#define PEERS_MAX 256

static __always_inline bool same_mac(const __be16 *a, const __be16 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]));
}

static __always_inline bool same_hop(const struct hop *a, const struct hop *b)
{
	return same_mac(a->destination_mac, b->destination_mac) && same_mac(a->source_mac, b->source_mac) &&
	       a->ifindex == b->ifindex && a->vlan == b->vlan;
}

static __always_inline struct hop *peer_of(__u32 number)
{
	return bpf_map_lookup_elem(&peers, &number);
}

/* Rows looked at for a free one before a neighbour goes without: the cursor wanders, so the next packet looks further. */
#define PEER_TRIES 32

/* A row of no interface is free. User space frees those that no flow has named for a while (peer-rows.ts). */
static __always_inline __u32 peer_take(const struct work *w)
{
	__u32 zero = 0, number, *cursor = bpf_map_lookup_elem(&peers_used, &zero);
	struct hop *row;

	if (!cursor)
		return 0;
	for (int i = 0; i < PEER_TRIES; i++) {
		number = 1 + (__u32)__sync_fetch_and_add(cursor, 1) % (PEERS_MAX - 1);
		row = peer_of(number);
		if (!row || __sync_val_compare_and_swap(&row->ifindex, 0, w->came.ifindex))
			continue;
		copy_mac(row->destination_mac, w->came.destination_mac);
		copy_mac(row->source_mac, w->came.source_mac);
		row->vlan = w->came.vlan;
		row->mtu = 0;
		return number;
	}
	count(COUNT_PEERS_FULL);
	return 0;
}

__noinline int peer_take_one(struct work *w)
{
	return w ? peer_take(w) : 0;
}

static __always_inline __u32 peer_learn(struct work *w)
{
	struct peer_key key;
	__u32 number, *known;

	/* A multicast bit on either side is nobody to answer to. */
	if (!w->came.ifindex || is_group_mac(w->came.destination_mac) ||
	    is_group_mac(w->came.source_mac))
		return 0;
	copy_mac(key.peer_mac, w->came.destination_mac);
	copy_mac(key.our_mac, w->came.source_mac);
	key.ifindex = w->came.ifindex;
	key.vlan = w->came.vlan;
	known = bpf_map_lookup_elem(&peer_numbers, &key);
	if (known)
		return *known;
	number = peer_take_one(w);
	if (number)
		bpf_map_update_elem(&peer_numbers, &key, &number, BPF_ANY);
	return number;
}

/* The peer of a flow that already has one; another sender of the same flow replaces it. */
static __always_inline __u32 peer_check(struct work *w, __u32 number)
{
	struct hop *row = peer_of(number);
	if (number && row && same_hop(row, &w->came))
		return number;
	return peer_learn(w);
}
