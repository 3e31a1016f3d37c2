/* The path of packets whose flow has an entry or shall get one. Verified as functions of their own, once per family.
 * They return a member number, or a negative enum count: what to do instead of forwarding. */
#pragma once

#include "admit.h"
#include "nat.h"
#include "peer.h"
#include "recent.h"
#include "sticky.h"

static __always_inline bool is_translating(const struct listener *l)
{
	return l->mode >= MODE_NAT;
}

static __always_inline void forward_tuple(struct tuple *t, const struct work *w)
{
	copy_address(&t->source, &w->source);
	copy_address(&t->destination, &w->destination);
	t->source_port = w->source_port;
	t->destination_port = w->destination_port;
	t->protocol = w->protocol;
	t->direction = 0;
	t->zero = 0;
}

static __always_inline void towards_member(struct work *w, const struct member *m, __u32 number)
{
	w->member = number;
	copy_address(&w->new_destination, &m->address);
	w->new_destination_port = m->port ? m->port : w->destination_port;
}

/* Ring changes leave TCP flows where they were: a segment that opens nothing and has no entry belongs to a flow from
 * before the change, so it stays with the member the ring had then. Datagrams do so while that member takes new flows. */
static __always_inline __u32 member_before(const struct work *w, const struct listener *l)
{
	__u32 number;
	struct member *m;

	if (is_syn(w))
		return 0;
	number = ring_member(l->base, w->hash);
	m = member_of(number);
	if (!number || !m || !(m->flags & MEMBER_PRESENT) || (m->flags & MEMBER_RESET) ||
	    m->listener != w->listener)
		return 0;
	return w->protocol == IPPROTO_TCP || m->weight ? number : 0;
}

/* Its entry is another one now: nothing remembered of it holds. */
static __always_inline void flow_changed(const struct tuple *t, const struct config *c, const bool v6)
{
	struct flow4_key key;

	if (v6)
		return;
	key4_of(&key, t);
	recent_forget(key.half[0], key.half[1], c);
}

/* The member of a flow that has no entry. */
static __always_inline int flow_begin(struct work *w, struct listener *l, const struct config *c,
				      const struct tuple *t, bool known, const bool v6)
{
	bool stateless = !(l->flags & LISTENER_STATE);
	bool fresh = is_syn(w) || w->protocol != IPPROTO_TCP;
	bool flooded = false;
	struct member_count *counts_row;
	struct flow4 flow = {};
	struct member *m;
	__u32 number = 0;
	int refused;

	if (!fresh && !known && is_translating(l))
		return (w->tcp_flags & TCP_RST) ? -COUNT_DROP_NO_FLOW : -COUNT_RESET_SENT;
	if (stateless)
		number = member_before(w, l);
	if (!number) {
		if (fresh) {
			refused = admit(w, l, c);
			if (refused)
				return -refused;
		}
		number = l->flags & LISTENER_PERSIST ? choose_sticky(w, l, c) : flow_choose(w);
		if (!number)
			return -(int)w->reason;
	}
	m = member_of(number);
	if (!m)
		return -COUNT_DROP_INTERNAL;
	towards_member(w, m, number);
	flooded = is_flooded(c);
	if (flooded && is_translating(l))
		return -COUNT_DROP_FLOOD;
	if (flooded) {
		count(COUNT_SYN_GUARDED);
		return number;
	}
	if (fresh || known) {
		counts_row = bpf_map_lookup_elem(&member_counts, &number);
		if (counts_row)
			counts_row->connections++;
	}
	flow.member = number;
	flow.stamp_state = stamp_state(tick_now(c), first_state(w->protocol, is_syn(w)));
	if (is_translating(l)) {
		flow.peer = w->peer = peer_learn(w);
		refused = v6 ? nat_begin6(w, number) : nat_begin4(w, number);
		if (refused)
			return -refused;
		if (l->mode != MODE_NAT) {
			flow.nat_port = w->new_source_port;
			flow.source = w->source_row;
		}
	}
	if (flow_put(t, &flow, &w->source, BPF_ANY, v6))
		return is_translating(l) ? -COUNT_DROP_FLOW_FULL : (int)number;
	flow_changed(t, c, v6);
	live_began(number, w->listener);
	if (stateless)
		l->last_pinned = tick_now(c);
	return number;
}

/* Sets how a flow is translated; false when its row is gone. */
static __always_inline bool as_translated(struct work *w, const struct listener *l, const struct flow4 *f)
{
	__u32 row = l->source_first + f->source;
	union address *source;

	w->new_source_port = w->source_port;
	copy_address(&w->new_source, &w->source);
	if (!f->nat_port)
		return true;
	source = bpf_map_lookup_elem(&sources, &row);
	if (!source)
		return false;
	copy_address(&w->new_source, source);
	w->new_source_port = f->nat_port;
	return true;
}

static __always_inline int flow_forward(struct work *w, const bool v6)
{
	struct config *c = config_of();
	struct listener *l = listener_of(w->listener);
	struct tuple t;
	bool known = false;
	struct flow4 *f;

	if (!c || !l)
		return -COUNT_DROP_INTERNAL;
	forward_tuple(&t, w);
	f = flow_find(&t, v6);
	if (f && flow_alive(f, c)) {
		__u32 number = f->member, state = flow_state_of(f);
		struct member *m = member_of(number);
		bool here;

		if (!m)
			return -COUNT_DROP_INTERNAL;
		here = (m->flags & MEMBER_PRESENT) && !(m->flags & MEMBER_RESET) && m->listener == w->listener;
		if (here && !(is_syn(w) && is_ending(state))) {
			flow_touch(f, c, w->tcp_flags, true, is_translating(l), w->listener);
			towards_member(w, m, number);
			if (is_translating(l)) {
				__u32 peer = peer_check(w, f->peer);
				if (peer != f->peer) {
					f->peer = peer;
					flow_changed(&t, c, v6);
				}
				if (!as_translated(w, l, f))
					return -COUNT_DROP_INTERNAL;
			} else if (!(l->flags & LISTENER_STATE)) {
				__u32 now = tick_now(c);
				if (l->last_pinned != now)
					l->last_pinned = now;
			}
			return number;
		}
		if (!here) {
			bool reset = (m->flags & MEMBER_RESET) || (l->flags & LISTENER_RESET);
			if (reset && w->protocol == IPPROTO_TCP && !is_syn(w)) {
				flow_delete(&t, v6);
				flow_changed(&t, c, v6);
				return (w->tcp_flags & TCP_RST) ? -COUNT_DROP_NO_FLOW : -COUNT_RESET_SENT;
			}
			known = true;
			count(COUNT_REPINNED);
		}
	}
	return flow_begin(w, l, c, &t, known, v6);
}

/* The member of an existing flow, which is left as it is: for ICMP errors, which prove nothing. 0 when there is none. */
static __always_inline int flow_peek(struct work *w, const bool v6)
{
	struct config *c = config_of();
	struct listener *l = listener_of(w->listener);
	struct member *m;
	struct tuple t;
	struct flow4 *f;
	__u32 number;

	if (!c || !l)
		return 0;
	forward_tuple(&t, w);
	f = flow_find(&t, v6);
	if (!f || !flow_alive(f, c))
		return is_translating(l) ? 0 : member_before(w, l);
	number = f->member;
	m = member_of(number);
	if (!m || !(m->flags & MEMBER_PRESENT) || m->listener != w->listener)
		return 0;
	towards_member(w, m, number);
	return as_translated(w, l, f) ? number : 0;
}

/* A packet from a member: of a flow of ours? 0 when rewritten towards its client, else a negative enum count. */
static __always_inline int flow_reply(struct work *w, __u32 endpoint, const bool v6)
{
	struct config *c = config_of();
	__u32 number = endpoint & 0xffff;
	struct tuple t;
	struct listener *l;
	struct member *m;
	struct flow4 *f;
	bool translated = false;

	if (!c)
		return -COUNT_DROP_INTERNAL;
	copy_address(&w->new_destination, &w->destination);
	w->new_destination_port = w->destination_port;
	if (endpoint & VIP_MEMBER_SHARED) {
		forward_tuple(&t, w);
		t.direction = FLOW_REPLY;
		f = flow_find(&t, v6);
		if (f) {
			number = f->reply_member;
			if (v6)
				__builtin_memcpy(w->new_destination.v6, ((struct flow6 *)f)->client,
						 sizeof(w->new_destination.v6));
			else
				w->new_destination.v4 = f->client;
			w->new_destination_port = f->client_port;
		}
	}
	m = member_of(number);
	if (!number || !m)
		return -COUNT_PASS_REPLY_UNKNOWN;
	l = listener_of(m->listener);
	if (!l)
		return -COUNT_DROP_INTERNAL;
	translated = l->mode != MODE_NAT;
	copy_address(&w->new_source, &l->vip);
	w->new_source_port = l->port ? l->port : w->source_port;
	copy_address(&t.source, &w->new_destination);
	copy_address(&t.destination, &w->new_source);
	t.source_port = w->new_destination_port;
	t.destination_port = w->new_source_port;
	t.protocol = w->protocol;
	t.direction = 0;
	t.zero = 0;
	f = flow_find(&t, v6);
	if (!f || f->member != number || !flow_alive(f, c) || (translated && f->nat_port != w->destination_port))
		return -COUNT_PASS_REPLY_UNKNOWN;
	flow_touch(f, c, w->tcp_flags, false, true, m->listener);
	w->member = number;
	w->peer = f->peer;
	w->listener = m->listener;
	return 0;
}

/* Functions of their own: the verifier walks each once, whoever calls it. */
__noinline int flow_forward4(struct work *w)
{
	return w ? flow_forward(w, false) : -COUNT_DROP_INTERNAL;
}

__noinline int flow_forward6(struct work *w)
{
	return w ? flow_forward(w, true) : -COUNT_DROP_INTERNAL;
}

__noinline int flow_reply4(struct work *w, __u32 endpoint)
{
	return w ? flow_reply(w, endpoint, false) : -COUNT_DROP_INTERNAL;
}

__noinline int flow_reply6(struct work *w, __u32 endpoint)
{
	return w ? flow_reply(w, endpoint, true) : -COUNT_DROP_INTERNAL;
}

__noinline int flow_peek4(struct work *w)
{
	return w ? flow_peek(w, false) : 0;
}

__noinline int flow_peek6(struct work *w)
{
	return w ? flow_peek(w, true) : 0;
}

__noinline int source_allowed(struct work *w)
{
	return w && is_allowed(w);
}
