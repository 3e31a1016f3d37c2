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
	int answer;

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
		answer = hop_to_peer(ctx, w, v6);
		if (answer)
			return drop(answer);
		count(COUNT_FRAGMENT);
		return send_translated(ctx, w, v6);
	}
	m = member_of(w->member);
	if (!m || !(m->flags & MEMBER_PRESENT))
		return drop(COUNT_DROP_FRAGMENT);
	l = listener_of(m->listener);
	if (!l)
		return drop(COUNT_DROP_INTERNAL);
	answer = hop_to_member(ctx, w, m);
	if (answer)
		return drop(answer);
	if (is_too_big(w, growth(l, m)))
		return drop(COUNT_DROP_TOO_BIG);
	count(COUNT_FRAGMENT);
	count_in(w->member, w);
	return l->mode >= MODE_NAT ? send_translated(ctx, w, v6) : send_whole(ctx, w, l, m, c, v6);
}
