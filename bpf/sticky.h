/* Source persistence: clients of one prefix stay with one member until the time is up. */
#pragma once

#include "choose.h"

static __always_inline __be32 leading_bits(__be32 word, __s32 bits)
{
	if (bits >= 32)
		return word;
	if (bits <= 0)
		return 0;
	return word & bpf_htonl(~(0xffffffffu >> bits));
}

static __always_inline void sticky_key_of(struct sticky_key *key, const struct work *w, const struct listener *l,
					  const bool v6)
{
	__s32 bits = v6 ? l->persist_length6 : l->persist_length4;

	key->listener = w->listener;
	key->zero = 0;
	key->source.v6[0] = leading_bits(w->source.v6[0], bits);
	key->source.v6[1] = v6 ? leading_bits(w->source.v6[1], bits - 32) : 0;
	key->source.v6[2] = v6 ? leading_bits(w->source.v6[2], bits - 64) : 0;
	key->source.v6[3] = v6 ? leading_bits(w->source.v6[3], bits - 96) : 0;
}

/* By the scheduler alone. A function of its own, so that its loops are walked once. */
__noinline int flow_choose(struct work *w)
{
	struct listener *l;

	if (!w)
		return 0;
	l = listener_of(w->listener);
	return l ? choose(w, l) : 0;
}

/* The member this client stuck to, or a fresh choice that it sticks to from now on. */
static __always_inline __u32 choose_sticky(struct work *w, const struct listener *l, const struct config *c)
{
	__u32 now = tick_now(c);
	struct sticky_key key;
	struct sticky *known, fresh = {.stamp = now};
	__u32 number;

	sticky_key_of(&key, w, l, w->v6);
	known = bpf_map_lookup_elem(&stickies, &key);
	if (known && now - known->stamp <= l->persist_ticks) {
		struct member *m;
		number = known->member;
		m = member_of(number);
		if (m && (m->flags & MEMBER_PRESENT) && m->weight && m->listener == w->listener &&
		    !is_full(number, m, c)) {
			known->stamp = now;
			return number;
		}
	}
	number = flow_choose(w);
	if (number) {
		fresh.member = number;
		bpf_map_update_elem(&stickies, &key, &fresh, BPF_ANY);
	}
	return number;
}
