/* What the short way of the common packet (quick.h) reads of it, in registers, and what it looks up by that. */
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
