/* From a client to a member, and back. */
#pragma once

#include "encap.h"
#include "flow.h"
#include "stages.h"
#include "translate.h"

static __always_inline void count_in(__u32 number, const struct work *w)
{
	struct member_count *row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row)
		return;
	row->packets_in++;
	row->bytes_in += w->ip_length;
}

static __always_inline void count_out(__u32 number, const struct work *w)
{
	struct member_count *row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row)
		return;
	row->packets_out++;
	row->bytes_out += w->ip_length;
}

static __always_inline __u8 lifetime(struct xdp_md *ctx, const struct work *w, const bool v6)
{
	void *ip = start_of(ctx) + (w->l3 & 31);
	if (ip + sizeof(struct iphdr) > end_of(ctx))
		return 0;
	return v6 ? ((struct ipv6hdr *)ip)->hop_limit : ((struct iphdr *)ip)->ttl;
}

/* Nothing is sent, by whatever mode, that would have to be cut: IPv6 never is, and cutting here would hide the fault. */
static __always_inline bool is_too_big(struct work *w, __u32 extra)
{
	if (!w->hop.mtu || w->ip_length + extra <= w->hop.mtu)
		return false;
	w->mtu = w->hop.mtu - extra;
	return true;
}

/* The member by the ring alone, or 0 when the flow table has to be asked. */
static __always_inline __u32 stateless_member(const struct work *w, const struct listener *l)
{
	__u64 ring = l->ring, base = l->base;
	__u32 number;
	struct member *m;

	if (l->flags & LISTENER_STATE)
		return 0;
	if (!(ring >> 32))
		return 0;
	number = ring_member(ring, w->hash);
	if (ring != base && ring_member(base, w->hash) != number)
		return 0;
	m = member_of(number);
	if (!number || !m || (m->flags & (MEMBER_PRESENT | MEMBER_RESET)) != MEMBER_PRESENT)
		return 0;
	return number;
}

/* Where the member is: as user space keeps it, else by the kernel's FIB. 0, or the reason to drop. */
static __always_inline int hop_to_member(struct xdp_md *ctx, struct work *w, const struct member *m)
{
	w->hop = m->hop;
	if (w->hop.ifindex)
		return 0;
	copy_address(&w->new_destination, &m->address);
	return m->flags & MEMBER_V6 ? ask_fib6(ctx, w) : ask_fib4(ctx, w);
}

/* Where the client is: whom its request came from, else by the kernel's FIB. 0, or the reason to drop. */
static __always_inline int hop_to_peer(struct xdp_md *ctx, struct work *w, const bool v6)
{
	struct hop *hop = peer_of(w->peer);

	if (!w->peer || !hop || !hop->ifindex)
		return v6 ? ask_fib6(ctx, w) : ask_fib4(ctx, w);
	w->hop = *hop;
	return 0;
}

static __always_inline __u32 growth(const struct listener *l, const struct member *m)
{
	return l->mode == MODE_TUNNEL ? outer_length(l, m) : 0;
}

static __always_inline int send_translated(struct xdp_md *ctx, struct work *w, const bool v6)
{
	return translate(ctx, w, v6) ? emit_link(ctx, w, v6) : drop(COUNT_DROP_INTERNAL);
}

/* dr and tunnel: the packet itself stays, but for its lifetime. */
static __always_inline int send_whole(struct xdp_md *ctx, struct work *w, const struct listener *l,
				      const struct member *m, const struct config *c, const bool v6)
{
	if (!age(ctx, w, v6))
		return drop(COUNT_DROP_INTERNAL);
	return l->mode == MODE_TUNNEL ? emit_tunnel(ctx, w, l, m, c, v6) : emit_link(ctx, w, v6);
}

static __always_inline int forward(struct xdp_md *ctx, struct work *w, __u32 listener, const bool v6)
{
	struct config *c = config_of();
	struct listener *l = listener_of(listener);
	struct member *m;
	__u32 number;
	int answer;

	if (!c || !l || !(l->flags & LISTENER_USED))
		return drop(COUNT_DROP_INTERNAL);
	w->listener = listener;
	hash_flow(w, c, l->flags, v6);
	if ((l->flags & LISTENER_ALLOW) && !source_allowed(w))
		return drop(COUNT_DROP_DENIED);
	number = stateless_member(w, l);
	if (number) {
		if (is_syn(w)) {
			struct member_count *row = bpf_map_lookup_elem(&member_counts, &number);
			if (row)
				row->connections++;
		}
	} else {
		answer = v6 ? flow_forward6(w) : flow_forward4(w);
		if (answer <= 0)
			return refuse(ctx, w, -answer);
		number = answer;
	}
	m = member_of(number);
	if (!m)
		return drop(COUNT_DROP_INTERNAL);
	w->member = number;
	answer = hop_to_member(ctx, w, m);
	if (answer)
		return drop(answer);
	if (lifetime(ctx, w, v6) <= 1)
		return refuse(ctx, w, COUNT_TTL_SENT);
	if (is_too_big(w, growth(l, m)))
		return refuse(ctx, w, COUNT_TOO_BIG_SENT);
	count_in(number, w);
	count(COUNT_FORWARDED);
	if (w->fragment == FRAGMENT_FIRST)
		fragment_remember(w, l->mode, number, v6);
	return l->mode >= MODE_NAT ? send_translated(ctx, w, v6) : send_whole(ctx, w, l, m, c, v6);
}

/* From a member whose replies pass through us. `endpoint` is what vips4 or vips6 said of its address and port. */
static __always_inline int reply(struct xdp_md *ctx, struct work *w, __u32 endpoint, const bool v6)
{
	int answer = v6 ? flow_reply6(w, endpoint) : flow_reply4(w, endpoint);

	if (answer)
		return refuse(ctx, w, -answer);
	if (lifetime(ctx, w, v6) <= 1)
		return refuse(ctx, w, COUNT_TTL_SENT);
	answer = hop_to_peer(ctx, w, v6);
	if (answer)
		return drop(answer);
	count_out(w->member, w);
	count(COUNT_REPLIED);
	if (w->fragment == FRAGMENT_FIRST)
		fragment_remember(w, MODE_NAT, 0, v6);
	return send_translated(ctx, w, v6);
}
