/* The short way of nat, onearm and fullnat: requests to a member, replies to the client. */
#pragma once

#include "glance.h"

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
	struct member_count *row;
	struct meeting met;
	struct member *m;
	struct hop *peer;
	__u32 number;

	/* Without the flag, flows are not looked up: they always have it. */
	if (!(l->flags & LISTENER_STATE))
		return NOT_QUICK;
	m = quick_member(g, l, c, &number, &met);
	if (!m || !is_plain_hop(&m->hop, g, 0))
		return NOT_QUICK;
	peer = peer_of(met.known.flow.peer);
	row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row || !peer || !met.known.flow.peer || !is_from(ctx, peer))
		return NOT_QUICK;
	to.destination = m->address.v4;
	to.destination_port = m->port ? m->port : g->destination_port;
	if (met.known.flow.nat_port) {
		__u32 at = l->source_first + met.known.flow.source;
		union address *own = bpf_map_lookup_elem(&sources, &at);
		if (!own)
			return NOT_QUICK;
		to.source = own->v4;
		to.source_port = met.known.flow.nat_port;
	}
	touch(&met, g, TOUCH_CLIENT | TOUCH_REPLIES, g->listener);
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
	struct meeting met;
	struct listener *l;
	struct member *m;
	struct hop *hop;

	if (endpoint & VIP_MEMBER_SHARED) {
		struct flow4 *f = flow_at(ends_of(g), ports_of(g, FLOW_REPLY));
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
	met.ends = joined(to.destination, to.source);
	met.ports = joined(joined_ports(to.destination_port, to.source_port), joined_bytes(g->protocol, 0, 0));
	if (!meet(&met, g, c) || met.known.flow.member != number || !met.known.flow.peer ||
	    (l->mode != MODE_NAT && met.known.flow.nat_port != g->destination_port))
		return NOT_QUICK;
	hop = peer_of(met.known.flow.peer);
	row = bpf_map_lookup_elem(&member_counts, &number);
	if (!row || !hop || !is_plain_hop(hop, g, 0))
		return NOT_QUICK;
	touch(&met, g, TOUCH_REPLIES, m->listener);
	row->packets_out++;
	row->bytes_out += g->length;
	count(COUNT_REPLIED);
	return quick_rewrite(ctx, g, &to, hop, c);
}
