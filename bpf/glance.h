/* What the short way of the common packet (quick.h) reads of it, in registers, and what it looks up by that. */
#pragma once

#include "forward.h"
#include "near.h"
#include "recent.h"

#define NOT_QUICK (-1)

/* What was read of it. A link header and those of IPv4 and TCP were in the packet. */
struct glance {
	__be32 source;
	__be32 destination;
	__be16 source_port;
	__be16 destination_port;
	__u32 length; /* IPv4 total length */
	__u8 protocol;
	__u8 tcp_flags;
	__u32 listener;
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
	g->source = ip->saddr;
	g->destination = ip->daddr;
	g->source_port = tcp->source;
	g->destination_port = tcp->dest;
	return true;
}

static __always_inline __u32 glance_vip(const struct glance *g, __be32 address, __be16 port, __u8 kind)
{
	struct vip4_key key = {
		.whole = joined(address, joined_ports(port, joined_bytes(g->protocol, kind, 0))),
	};
	return near_find(key);
}

/* The halves of a flow's key. */
static __always_inline __u64 ends_of(const struct glance *g)
{
	return joined(g->source, g->destination);
}

static __always_inline __u64 ports_of(const struct glance *g, __u8 direction)
{
	return joined(joined_ports(g->source_port, g->destination_port), joined_bytes(g->protocol, direction, 0));
}

static __always_inline struct flow4 *flow_at(__u64 ends, __u64 ports)
{
	struct flow4_key key = {.half = {ends, ports}};
	return bpf_map_lookup_elem(&flows4, &key);
}

static __always_inline bool opens(const struct glance *g)
{
	return (g->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/* The packet's flow, once it is known. */
struct meeting {
	__u64 ends; /* the halves of its key */
	__u64 ports;
	union flow_word known; /* as it was found */
	struct flow4 *flow;    /* its entry, or 0 where it was met so recently that nothing is to be written there */
};

/* Segments that may change a flow's state. */
#define NOT_CALM (TCP_SYN | TCP_FIN | TCP_RST)

static __always_inline bool meet(struct meeting *met, const struct glance *g, const struct config *c)
{
	met->flow = 0;
	if (!(g->tcp_flags & NOT_CALM)) {
		met->known.word = recent_find(met->ends, met->ports, c);
		if (met->known.word)
			return true;
	}
	met->flow = flow_at(met->ends, met->ports);
	if (!met->flow || !flow_alive(met->flow, c))
		return false;
	met->known.word = *(const volatile __u64 *)met->flow;
	return true;
}

#define TOUCH_CLIENT (1 << 8) /* above the TCP flags: from the client */
#define TOUCH_REPLIES (1 << 9) /* replies pass through us as well */

/* Once a second for each flow, and where its state may change: a function of its own, out of the common path's registers. */
__noinline int touch_entry(struct flow4 *flow, __u64 ends, __u64 ports, __u32 how, __u32 listener)
{
	struct config *c = config_of();
	__u32 state;

	if (!flow || !c)
		return 0;
	flow_touch(flow, c, how, how & TOUCH_CLIENT, how & TOUCH_REPLIES, listener);
	state = flow_state_of(flow);
	if (!(how & NOT_CALM) && (state == FLOW_ESTABLISHED || state == FLOW_DATAGRAM))
		recent_keep(ends, ports, *(const volatile __u64 *)flow, c);
	return 0;
}

/* Once it is sure that the short way takes the packet. */
static __always_inline void touch(const struct meeting *met, const struct glance *g, __u32 how, __u32 listener)
{
	if (met->flow)
		touch_entry(met->flow, met->ends, met->ports, how | g->tcp_flags, listener);
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

static __always_inline void quick_hash(const struct glance *g, const struct listener *l, const struct config *c,
				       __u32 *hash, __u32 *entropy)
{
	flow_hash(c, l->flags, g->source, 0, g->source_port, g->destination_port, false, hash, entropy);
}

/* The member of a flow about which nothing has to be decided. */
static __always_inline struct member *quick_member(const struct glance *g, const struct listener *l,
						   const struct config *c, __u32 *number, struct meeting *met)
{
	__u64 ring = l->ring;
	__u32 hash, entropy;
	struct member *m;

	if (l->flags & LISTENER_STATE) {
		met->ends = ends_of(g);
		met->ports = ports_of(g, 0);
		if (!meet(met, g, c) || (met->flow && opens(g) && is_ending(flow_state_of(met->flow))))
			return 0;
		*number = met->known.flow.member;
	} else {
		if (!(ring >> 32) || ring != l->base)
			return 0;
		quick_hash(g, l, c, &hash, &entropy);
		*number = ring_member(ring, hash);
	}
	m = member_of(*number);
	if (!*number || !m || (m->flags & (MEMBER_PRESENT | MEMBER_RESET)) != MEMBER_PRESENT ||
	    m->listener != g->listener)
		return 0;
	return m;
}
