/* Fragments after the first: sent where the first one went, by the note it left (fragment.h). */
#pragma once

#include "forward.h"
#include "vip.h"

static __always_inline int later(struct xdp_md *ctx, struct work *w, const bool v6)
{
	struct config *c = config_of();
	struct fragment_key key = {};
	struct fragment *note;
	struct listener *l;
	struct member *m;
	struct hop *hop;
	__u32 extra = 0;

	if (!c)
		return drop(COUNT_DROP_INTERNAL);
	fragment_key_of(&key, w);
	note = bpf_map_lookup_elem(&fragments, &key);
	if (!note || tick_now(c) - note->stamp > FRAGMENT_TICKS)
		return vip_find(&w->destination, 0, 0, VIP_ADDRESS, v6) ? drop(COUNT_DROP_FRAGMENT)
									 : pass(COUNT_PASS_OTHER);
	/* Without ports the outer headers vary with the addresses alone. */
	w->source_port = 0;
	w->destination_port = 0;
	w->tcp_flags = 0;
	hash_flow(w, c, 0, v6);
	copy_address(&w->new_source, &note->new_source);
	copy_address(&w->new_destination, &note->new_destination);
	w->member = note->member;
	w->peer = note->peer;
	if (lifetime(ctx, w, v6) <= 1)
		return drop(COUNT_DROP_TTL);
	if (!w->member) {
		hop = peer_of(w->peer);
		if (w->peer && hop) {
			w->hop = *hop;
		} else {
			int answer = v6 ? ask_fib6(ctx, w) : ask_fib4(ctx, w);
			if (answer)
				return drop(answer);
		}
		count(COUNT_FRAGMENT);
		return translate(ctx, w, v6) ? emit_link(ctx, w, v6) : drop(COUNT_DROP_INTERNAL);
	}
	m = member_of(w->member);
	if (!m || !(m->flags & MEMBER_PRESENT))
		return drop(COUNT_DROP_FRAGMENT);
	l = listener_of(m->listener);
	if (!l)
		return drop(COUNT_DROP_INTERNAL);
	w->hop = m->hop;
	if (!w->hop.ifindex) {
		int answer;
		copy_address(&w->new_destination, &m->address);
		answer = m->flags & MEMBER_V6 ? ask_fib6(ctx, w) : ask_fib4(ctx, w);
		if (answer)
			return drop(answer);
	}
	if (l->mode == MODE_TUNNEL)
		extra = outer_length(l, m);
	if (is_too_big(w, extra))
		return drop(COUNT_DROP_TOO_BIG);
	count(COUNT_FRAGMENT);
	count_in(w->member, w);
	if (l->mode >= MODE_NAT)
		return translate(ctx, w, v6) ? emit_link(ctx, w, v6) : drop(COUNT_DROP_INTERNAL);
	if (!age(ctx, w, v6))
		return drop(COUNT_DROP_INTERNAL);
	return l->mode == MODE_TUNNEL ? emit_tunnel(ctx, w, l, m, c, v6) : emit_link(ctx, w, v6);
}
