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

/* The seed is secret, so that nobody outside can aim many flows at one slot. */
static __always_inline void hash_flow(struct work *w, const struct config *c, __u32 flags, const bool v6)
{
	__u64 ports = ((__u64)w->source_port << 16) | w->destination_port;
	__u64 one = w->source.half[0] ^ c->seed[0];
	__u64 two = c->seed[1];

	if (v6)
		two ^= mix(w->source.half[1] ^ c->seed[1]);
	if (flags & LISTENER_HASH_PORT)
		one ^= (__u64)w->source_port << 32;
	one = mix(one + two);
	w->hash = one >> 32;
	w->entropy = (__u32)((one ^ ports * MIX_1) >> 16);
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
