/* The flow's hash. Two nodes with the same seed must agree on it, and src/drivers/xdp/hash.ts computes the same. */
#pragma once

#include "maps.h"
#include "packet.h"

/* Odd 64-bit multipliers of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches the upper half. */
#define MIX_1 0xbf58476d1ce4e5b9ULL
#define MIX_2 0x94d049bb133111ebULL

static __always_inline __u64 mix(__u64 value)
{
	value ^= value >> 30;
	value *= MIX_1;
	value ^= value >> 27;
	value *= MIX_2;
	return value ^ (value >> 31);
}

/* The seed is secret, so that nobody outside can aim many flows at one slot. `source` and `more` are the address. */
static __always_inline void flow_hash(const struct config *c, __u32 flags, __u64 source, __u64 more, __be16 source_port,
				      __be16 destination_port, const bool v6, __u32 *hash, __u32 *entropy)
{
	__u64 ports = ((__u64)source_port << 16) | destination_port;
	__u64 one = source ^ c->seed[0];
	__u64 two = c->seed[1];

	if (v6)
		two ^= mix(more ^ c->seed[1]);
	if (flags & LISTENER_HASH_PORT)
		one ^= (__u64)source_port << 32;
	one = mix(one + two);
	*hash = one >> 32;
	*entropy = (__u32)((one ^ ports * MIX_1) >> 16);
}

static __always_inline void hash_flow(struct work *w, const struct config *c, __u32 flags, const bool v6)
{
	flow_hash(c, flags, w->source.half[0], w->source.half[1], w->source_port, w->destination_port, v6, &w->hash,
		  &w->entropy);
}

/* Multiply and shift instead of a division: uniform for any size. */
static __always_inline __u32 ring_slot(__u64 ring, __u32 hash)
{
	return (__u32)ring + (__u32)(((__u64)hash * (__u32)(ring >> 32)) >> 32);
}

/* 0: the slot is empty. */
static __always_inline __u32 slot_member(__u32 slot)
{
	__u32 block = slot / RING_BLOCK;
	struct ring_block *row = bpf_map_lookup_elem(&rings, &block);
	return row ? row->slot[slot % RING_BLOCK] : 0;
}

static __always_inline __u32 ring_member(__u64 ring, __u32 hash)
{
	return slot_member(ring_slot(ring, hash));
}
