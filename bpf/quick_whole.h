/* The short way of dr and tunnel: the packet itself stays, but for its lifetime. */
#pragma once

#include "glance.h"

static __always_inline int quick_dr(struct xdp_md *ctx, const struct hop *hop, const struct config *c)
{
	struct link *eth = start_of(ctx);
	struct iphdr *ip = (void *)(eth + 1);

	if ((void *)(ip + 1) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	decrement_ttl4(ip);
	set_link(eth, hop);
	return leave_by(ctx, hop->ifindex, c);
}

/* The outer header word by word, its sum taken on the way. */
static __always_inline int quick_ipip(struct xdp_md *ctx, const struct glance *g, const struct listener *l,
				      const struct member *m, const struct config *c)
{
	__u32 *word, first, ttl, source, hash, entropy;
	struct link *eth = start_of(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	__u16 check;
	__u8 tos;

	if ((void *)(ip + 1) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	decrement_ttl4(ip);
	tos = ip->tos;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return drop(COUNT_DROP_HEADROOM);
	eth = start_of(ctx);
	word = (void *)(eth + 1);
	if ((void *)(word + 5) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	first = bpf_htonl(0x45000000 | (__u32)tos << 16 | (g->length + sizeof(*ip)));
	ttl = bpf_htons(OUTER_TTL << 8 | IPPROTO_IPIP);
	quick_hash(g, l, c, &hash, &entropy);
	source = c->tunnel_source4 | bpf_htonl(entropy & c->tunnel_mask4);
	check = ~fold((__u64)first + bpf_htonl(0x4000) + ttl + source + m->address.v4);
	set_link(eth, &m->hop);
	word[0] = first;
	word[1] = bpf_htonl(0x4000);
	word[2] = joined_ports(ttl, check);
	word[3] = source;
	word[4] = m->address.v4;
	return leave_by(ctx, m->hop.ifindex, c);
}

static __always_inline int quick_whole(struct xdp_md *ctx, struct glance *g, const struct listener *l,
				       const struct config *c)
{
	const bool tunnel = l->mode == MODE_TUNNEL;
	struct meeting met = {};
	struct member_count *row;
	struct member *m;
	__u32 number;

	if (tunnel && l->tunnel != TUNNEL_IPIP)
		return NOT_QUICK;
	m = quick_member(g, l, c, &number, &met);
	if (!m || (m->flags & MEMBER_V6) || !is_plain_hop(&m->hop, g, tunnel ? sizeof(struct iphdr) : 0))
		return NOT_QUICK;
	row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row)
		return NOT_QUICK;
	if (l->flags & LISTENER_STATE)
		touch(&met, g, TOUCH_CLIENT, g->listener);
	else if (opens(g))
		row->connections++;
	row->packets_in++;
	row->bytes_in += g->length;
	count(COUNT_FORWARDED);
	return tunnel ? quick_ipip(ctx, g, l, m, c) : quick_dr(ctx, &m->hop, c);
}
