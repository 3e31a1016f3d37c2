/* The frame that leaves: link header, tunnels, rewritten addresses. Each returns the XDP verdict. */
#pragma once

#include "csum.h"
#include "maps.h"
#include "packet.h"

#ifndef AF_INET
#define AF_INET 2
#define AF_INET6 10
#endif

/* Asks the kernel where `to` lives; needs forwarding enabled on the interface the packet came in by. */
static __always_inline int ask_fib(struct xdp_md *ctx, struct work *w, const union address *to, const bool v6)
{
	struct bpf_fib_lookup route = {};
	long answer;

	count(COUNT_FIB);
	route.ifindex = w->ingress;
	if (v6) {
		route.family = AF_INET6;
		__builtin_memcpy(route.ipv6_dst, to->v6, sizeof(route.ipv6_dst));
	} else {
		route.family = AF_INET;
		route.ipv4_dst = to->v4;
	}
	answer = bpf_fib_lookup(ctx, &route, sizeof(route), 0);
	if (answer == BPF_FIB_LKUP_RET_NO_NEIGH)
		return COUNT_DROP_NO_NEIGHBOUR;
	if (answer)
		return COUNT_DROP_NO_ROUTE;
	copy_mac(w->hop.destination_mac, (const __be16 *)route.dmac);
	copy_mac(w->hop.source_mac, (const __be16 *)route.smac);
	w->hop.ifindex = route.ifindex;
	w->hop.vlan = 0;
	w->hop.mtu = 0;
	return 0;
}

__noinline int ask_fib4(struct xdp_md *ctx, struct work *w)
{
	return w ? ask_fib(ctx, w, &w->new_destination, false) : COUNT_DROP_INTERNAL;
}

__noinline int ask_fib6(struct xdp_md *ctx, struct work *w)
{
	return w ? ask_fib(ctx, w, &w->new_destination, true) : COUNT_DROP_INTERNAL;
}

/* Bytes of link header that `hop` needs. */
static __always_inline __u32 link_length(const struct hop *hop)
{
	return ETH_HLEN + (hop->vlan ? 4 : 0);
}

/* Makes the frame start `grow` bytes before the IP header and a link header before that. */
static __always_inline bool reframe(struct xdp_md *ctx, const struct work *w, __u32 grow)
{
	int room = (int)w->l3 - (int)link_length(&w->hop) - (int)grow;
	return !room || !bpf_xdp_adjust_head(ctx, room);
}

/* Writes the link header; false when the frame is too short for it (it never is after reframe). */
static __always_inline bool write_link(struct xdp_md *ctx, const struct work *w, __be16 protocol)
{
	struct link *eth = start_of(ctx);
	void *end = end_of(ctx);

	if ((void *)(eth + 1) > end)
		return false;
	copy_mac(eth->destination, w->hop.destination_mac);
	copy_mac(eth->source, w->hop.source_mac);
	if (w->hop.vlan) {
		__be16 *tag = (void *)(eth + 1);
		if ((void *)(tag + 2) > end)
			return false;
		eth->protocol = bpf_htons(ETH_P_8021Q);
		tag[0] = bpf_htons(w->hop.vlan);
		tag[1] = protocol;
	} else {
		eth->protocol = protocol;
	}
	return true;
}

/* What XDP_TX sends over veth lies in the ring of the other end until an ordinary frame wakes it, unless an XDP program
 * is there too; redirected frames wake it themselves. User space knows the kind of its interfaces. */
static __always_inline int leave(const struct work *w)
{
	struct config *c = config_of();

	if (w->hop.ifindex == w->ingress && c && !c->redirects)
		return XDP_TX;
	return bpf_redirect(w->hop.ifindex, 0);
}

/* Out with only the link header changed: dr, and the last step of every translation. */
static __always_inline int emit_link(struct xdp_md *ctx, struct work *w, const bool v6)
{
	if (!reframe(ctx, w, 0))
		return drop(COUNT_DROP_HEADROOM);
	if (!write_link(ctx, w, v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return drop(COUNT_DROP_INTERNAL);
	return leave(w);
}

/* The packet's own lifetime, one less. */
static __always_inline bool age(struct xdp_md *ctx, const struct work *w, const bool v6)
{
	void *ip = start_of(ctx) + (w->l3 & 31);
	if (v6) {
		struct ipv6hdr *six = ip;
		if ((void *)(six + 1) > end_of(ctx))
			return false;
		six->hop_limit--;
	} else {
		struct iphdr *four = ip;
		if ((void *)(four + 1) > end_of(ctx))
			return false;
		decrement_ttl4(four);
	}
	return true;
}
