/* The common packet, in registers: IPv4 without options or tags, TCP or UDP, of a listener and a flow about which nothing
 * has to be decided. Whatever is out of the ordinary is NOT_QUICK, which promises that nothing was changed or counted yet:
 * the whole walk (parse.h, forward.h) then does it from the start. What both do, they do by the same functions. */
#pragma once

#include "forward.h"
#include "vip.h"

#define NOT_QUICK (-1)

/* What was read of it. A link header and those of IPv4 and TCP were in the packet. */
struct glance {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u32 length; /* IPv4 total length */
	__u32 now;    /* tick */
	__u8 protocol;
	__u8 tcp_flags;
	__u8 tos;
	__u32 listener;
	__u32 hash;
	__u32 entropy;
};

static __always_inline bool glance_at(struct xdp_md *ctx, struct glance *g)
{
	void *end = end_of(ctx);
	struct link *eth = start_of(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);

	if ((void *)(tcp + 1) > end)
		return false;
	if (eth->protocol != bpf_htons(ETH_P_IP) || *(__u8 *)ip != 0x45 || ip->frag_off & bpf_htons(0x3fff) ||
	    ip->ttl <= 1)
		return false;
	g->protocol = ip->protocol;
	g->length = host16(ip->tot_len);
	if ((void *)ip + g->length > end)
		return false;
	g->tcp_flags = 0;
	if (g->protocol == IPPROTO_TCP) {
		if (g->length < sizeof(*ip) + sizeof(*tcp))
			return false;
		g->tcp_flags = ((__u8 *)tcp)[13];
	} else if (g->protocol != IPPROTO_UDP || g->length < sizeof(*ip) + sizeof(struct udphdr)) {
		return false;
	}
	g->tos = ip->tos;
	g->source = ip->saddr;
	g->destination = ip->daddr;
	g->source_port = tcp->source;
	g->destination_port = tcp->dest;
	return true;
}

static __always_inline __u32 *glance_vip(const struct glance *g, __be32 address, __be16 port, __u8 kind)
{
	struct vip4_key key = {
		.whole = joined(address, joined_ports(port, joined_bytes(g->protocol, kind, 0))),
	};
	return bpf_map_lookup_elem(&vips4, &key);
}

static __always_inline struct flow4 *flow_between(__be32 source, __be32 destination, __be16 source_port,
						  __be16 destination_port, __u8 protocol, __u8 direction)
{
	struct flow4_key key;

	key.half[0] = joined(source, destination);
	key.half[1] = joined(joined_ports(source_port, destination_port), joined_bytes(protocol, direction, 0));
	return bpf_map_lookup_elem(&flows4, &key);
}

static __always_inline struct flow4 *glance_flow(const struct glance *g, __u8 direction)
{
	return flow_between(g->source, g->destination, g->source_port, g->destination_port, g->protocol, direction);
}

static __always_inline bool opens(const struct glance *g)
{
	return (g->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/* Nothing to ask or to answer on the way to it. `extra` is what a tunnel adds. */
static __always_inline bool is_plain_hop(const struct hop *hop, const struct glance *g, __u32 extra)
{
	return hop->ifindex && !hop->vlan && (!hop->mtu || g->length + extra <= hop->mtu);
}

static __always_inline void set_link(struct link *eth, const struct hop *hop)
{
	copy_mac(eth->destination, hop->destination_mac);
	copy_mac(eth->source, hop->source_mac);
	eth->protocol = bpf_htons(ETH_P_IP);
}

static __always_inline int leave_by(struct xdp_md *ctx, __u32 ifindex, const struct config *c)
{
	return ifindex == ctx->ingress_ifindex && !c->redirects ? XDP_TX : bpf_redirect(ifindex, 0);
}

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
static __always_inline int quick_ipip(struct xdp_md *ctx, const struct glance *g, const struct member *m,
				      const struct config *c)
{
	__u32 *word, first, ttl, source;
	struct link *eth = start_of(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	__u16 check;

	if ((void *)(ip + 1) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	decrement_ttl4(ip);
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*ip)))
		return drop(COUNT_DROP_HEADROOM);
	eth = start_of(ctx);
	word = (void *)(eth + 1);
	if ((void *)(word + 5) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	first = bpf_htonl(0x45000000 | (__u32)g->tos << 16 | (g->length + sizeof(*ip)));
	ttl = bpf_htons(OUTER_TTL << 8 | IPPROTO_IPIP);
	source = c->tunnel_source4 | bpf_htonl(g->entropy & c->tunnel_mask4);
	check = ~fold((__u64)first + bpf_htonl(0x4000) + ttl + source + m->address.v4);
	set_link(eth, &m->hop);
	word[0] = first;
	word[1] = bpf_htonl(0x4000);
	word[2] = joined_ports(ttl, check);
	word[3] = source;
	word[4] = m->address.v4;
	return leave_by(ctx, m->hop.ifindex, c);
}

/* The member of a flow about which nothing has to be decided. */
static __always_inline struct member *quick_member(const struct glance *g, const struct listener *l,
						   const struct config *c, __u32 *number, struct flow4 **flow)
{
	__u64 ring = l->ring;
	struct member *m;

	if (l->flags & LISTENER_STATE) {
		struct flow4 *f = glance_flow(g, 0);
		if (!f || !flow_alive_at(f, c, g->now) || (opens(g) && is_ending(flow_state_of(f))))
			return 0;
		*number = f->member;
		*flow = f;
	} else {
		if (!(ring >> 32) || ring != l->base)
			return 0;
		*number = ring_member(ring, g->hash);
	}
	m = member_of(*number);
	if (!*number || !m || (m->flags & (MEMBER_PRESENT | MEMBER_RESET)) != MEMBER_PRESENT ||
	    m->listener != g->listener)
		return 0;
	return m;
}

static __always_inline int quick_whole(struct xdp_md *ctx, struct glance *g, const struct listener *l,
				       const struct config *c)
{
	const bool tunnel = l->mode == MODE_TUNNEL;
	struct flow4 *flow = 0;
	struct member_count *row;
	struct member *m;
	__u32 number;

	if (tunnel && l->tunnel != TUNNEL_IPIP)
		return NOT_QUICK;
	flow_hash(c, l->flags, g->source, 0, g->source_port, g->destination_port, false, &g->hash, &g->entropy);
	m = quick_member(g, l, c, &number, &flow);
	if (!m || (m->flags & MEMBER_V6) || !is_plain_hop(&m->hop, g, tunnel ? sizeof(struct iphdr) : 0))
		return NOT_QUICK;
	row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row)
		return NOT_QUICK;
	if (flow)
		flow_touch_at(flow, g->now, g->tcp_flags, true, false, g->listener);
	else if (opens(g))
		row->connections++;
	row->packets_in++;
	row->bytes_in += g->length;
	count(COUNT_FORWARDED);
	return tunnel ? quick_ipip(ctx, g, m, c) : quick_dr(ctx, &m->hop, c);
}

struct rewrite {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
};

static __always_inline int quick_rewrite(struct xdp_md *ctx, const struct glance *g, const struct rewrite *to,
					 const struct hop *hop, const struct config *c)
{
	struct link *eth = start_of(ctx);
	struct iphdr *ip = (void *)(eth + 1);
	struct tcphdr *tcp = (void *)(ip + 1);
	struct udphdr *udp = (void *)tcp;
	__u64 difference = changed(g->source, to->source) + changed(g->destination, to->destination);

	if ((void *)(tcp + 1) > end_of(ctx))
		return drop(COUNT_DROP_INTERNAL);
	ip->saddr = to->source;
	ip->daddr = to->destination;
	ip->check = csum_apply(ip->check, difference);
	decrement_ttl4(ip);
	difference += changed_port(g->source_port, to->source_port) +
		      changed_port(g->destination_port, to->destination_port);
	tcp->source = to->source_port;
	tcp->dest = to->destination_port;
	if (g->protocol == IPPROTO_TCP)
		tcp->check = csum_apply(tcp->check, difference);
	else
		udp->check = csum_apply_udp(udp->check, difference);
	set_link(eth, hop);
	return leave_by(ctx, hop->ifindex, c);
}

/* Did it come from the neighbour that the flow's replies go to? */
static __always_inline bool is_from(struct xdp_md *ctx, const struct hop *peer)
{
	struct link *eth = start_of(ctx);

	return (void *)(eth + 1) <= end_of(ctx) && same_mac(peer->destination_mac, eth->source) &&
	       same_mac(peer->source_mac, eth->destination) && peer->ifindex == ctx->ingress_ifindex && !peer->vlan;
}

static __always_inline int quick_request(struct xdp_md *ctx, struct glance *g, const struct listener *l,
					 const struct config *c)
{
	struct rewrite to = {.source = g->source, .source_port = g->source_port};
	struct flow4 *flow = 0;
	struct member_count *row;
	struct member *m;
	struct hop *peer;
	__u32 number;

	/* Without the flag, flows are not looked up: they always have it. */
	if (!(l->flags & LISTENER_STATE))
		return NOT_QUICK;
	m = quick_member(g, l, c, &number, &flow);
	if (!m || !flow || !is_plain_hop(&m->hop, g, 0))
		return NOT_QUICK;
	peer = peer_of(flow->peer);
	row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row || !peer || !flow->peer || !is_from(ctx, peer))
		return NOT_QUICK;
	to.destination = m->address.v4;
	to.destination_port = m->port ? m->port : g->destination_port;
	if (flow->nat_port) {
		__u32 at = l->source_first + flow->source;
		union address *own = bpf_map_lookup_elem(&sources, &at);
		if (!own)
			return NOT_QUICK;
		to.source = own->v4;
		to.source_port = flow->nat_port;
	}
	flow_touch_at(flow, g->now, g->tcp_flags, true, true, g->listener);
	row->packets_in++;
	row->bytes_in += g->length;
	count(COUNT_FORWARDED);
	return quick_rewrite(ctx, g, &to, &m->hop, c);
}

/* From a member; `endpoint` as vips4 has it for the packet's source. */
static __always_inline int quick_reply(struct xdp_md *ctx, struct glance *g, __u32 endpoint, const struct config *c)
{
	struct rewrite to = {.destination = g->destination, .destination_port = g->destination_port};
	__u32 number = endpoint & 0xffff;
	struct member_count *row;
	struct listener *l;
	struct member *m;
	struct flow4 *f;
	struct hop *hop;

	if (endpoint & VIP_MEMBER_SHARED) {
		f = glance_flow(g, FLOW_REPLY);
		if (!f)
			return NOT_QUICK;
		number = f->reply_member;
		to.destination = f->client;
		to.destination_port = f->client_port;
	}
	m = member_of(number);
	if (!number || !m)
		return NOT_QUICK;
	l = listener_of(m->listener);
	if (!l)
		return NOT_QUICK;
	to.source = l->vip.v4;
	to.source_port = l->port ? l->port : g->source_port;
	f = flow_between(to.destination, to.source, to.destination_port, to.source_port, g->protocol, 0);
	g->now = tick_now(c);
	if (!f || f->member != number || !f->peer || !flow_alive_at(f, c, g->now) ||
	    (l->mode != MODE_NAT && f->nat_port != g->destination_port))
		return NOT_QUICK;
	hop = peer_of(f->peer);
	row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row || !hop || !is_plain_hop(hop, g, 0))
		return NOT_QUICK;
	flow_touch_at(f, g->now, g->tcp_flags, false, true, m->listener);
	row->packets_out++;
	row->bytes_out += g->length;
	count(COUNT_REPLIED);
	return quick_rewrite(ctx, g, &to, hop, c);
}

static __always_inline int quick(struct xdp_md *ctx)
{
	struct glance g;
	struct listener *l;
	struct config *c;
	__u32 *found;

	if (!glance_at(ctx, &g))
		return NOT_QUICK;
	c = config_of();
	if (!c)
		return NOT_QUICK;
	found = glance_vip(&g, g.destination, g.destination_port, VIP_LISTENER);
	if (!found && !c->has_nat)
		return NOT_QUICK;
	if (!found) {
		found = glance_vip(&g, g.source, g.source_port, VIP_MEMBER);
		return found ? quick_reply(ctx, &g, *found, c) : NOT_QUICK;
	}
	g.listener = *found;
	l = listener_of(g.listener);
	if (!l || (l->flags & (LISTENER_USED | LISTENER_ALLOW)) != LISTENER_USED)
		return NOT_QUICK;
	g.now = tick_now(c);
	return l->mode < MODE_NAT ? quick_whole(ctx, &g, l, c) : quick_request(ctx, &g, l, c);
}
