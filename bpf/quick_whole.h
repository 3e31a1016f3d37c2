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

/* What the inner packet adds to the outer checksum, as inner_sum() has it; 0: the outer UDP header has none. */
static __always_inline __u64 quick_inner_sum(struct xdp_md *ctx, const struct glance *g)
{
	struct iphdr *ip = start_of(ctx) + sizeof(struct link);
	struct udphdr *udp = (void *)(ip + 1);
	__u32 payload = g->length - sizeof(*ip);
	__u16 sum;

	if ((void *)(udp + 1) > end_of(ctx))
		return 0;
	if (g->protocol == IPPROTO_UDP && (!udp->check || host16(udp->len) != payload))
		return 0;
	sum = ~fold((__u64)g->source + g->destination + bpf_htons(payload) + bpf_htons(g->protocol));
	/* Two ways to say nothing. */
	return sum ? sum : 0xffff;
}

/* The three words behind the outer IPv4 header. */
static __always_inline void quick_gue(__u32 *word, const struct glance *g, const struct listener *l, __u32 entropy,
				      __u64 sum)
{
	__u32 ports = joined_ports(bpf_htons(GUE_SOURCE_BASE | (entropy & 0x3fff)), l->tunnel_port);
	__be16 length = bpf_htons(g->length + GUE_LENGTH);
	__u32 header = joined_bytes(0, IPPROTO_IPIP, 0);
	__u16 check = 0;

	if (sum) {
		/* The length twice: in the pseudo header as well. */
		check = ~fold(sum + ports + header + 2 * (__u64)length + bpf_htons(IPPROTO_UDP));
		check = check ? check : 0xffff;
	}
	word[0] = ports;
	word[1] = joined_ports(length, check);
	word[2] = header;
}

/* The outer header word by word, its sum taken on the way. */
static __always_inline int quick_tunnel(struct xdp_md *ctx, const struct glance *g, const struct listener *l,
					const struct member *m, const struct config *c)
{
	const bool gue = l->tunnel == TUNNEL_GUE;
	__u32 *word, first, ttl, source, hash, entropy, grow = outer_length(l, m);
	struct link *eth = start_of(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	__u64 sum = 0;
	__u16 check;
	__u8 tos;

	if ((void *)(ip + 1) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	decrement_ttl4(ip);
	tos = ip->tos;
	if (gue && l->flags & LISTENER_GUE_CHECKSUM)
		sum = quick_inner_sum(ctx, g);
	if (bpf_xdp_adjust_head(ctx, -(int)grow))
		return drop(COUNT_DROP_HEADROOM);
	eth = start_of(ctx);
	word = (void *)(eth + 1);
	if ((void *)(word + 8) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	first = bpf_htonl(0x45000000 | (__u32)tos << 16 | (g->length + grow));
	ttl = bpf_htons(OUTER_TTL << 8 | (gue ? IPPROTO_UDP : IPPROTO_IPIP));
	quick_hash(g, l, c, &hash, &entropy);
	source = gue ? m->outer_source : c->tunnel_source4 | bpf_htonl(entropy & c->tunnel_mask4);
	check = ~fold((__u64)first + bpf_htonl(0x4000) + ttl + source + m->address.v4);
	set_link(eth, &m->hop);
	word[0] = first;
	word[1] = bpf_htonl(0x4000);
	word[2] = joined_ports(ttl, check);
	word[3] = source;
	word[4] = m->address.v4;
	if (gue)
		quick_gue(word + 5, g, l, entropy, sum ? sum + source + m->address.v4 : 0);
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

	m = quick_member(g, l, c, &number, &met);
	if (!m || (m->flags & MEMBER_V6) || !is_plain_hop(&m->hop, g, tunnel ? outer_length(l, m) : 0))
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
	return tunnel ? quick_tunnel(ctx, g, l, m, c) : quick_dr(ctx, &m->hop, c);
}
