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
