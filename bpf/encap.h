/* Tunnels: an outer header of either family around a packet of either family, plain or in UDP (GUE variant 0). */
#pragma once

#include "emit.h"

#define OUTER_TTL 64
/* GUE's header without options: 4 bytes (draft-ietf-intarea-gue, variant 0). */
struct gue {
	__u8 control_and_length;
	__u8 protocol;
	__be16 flags;
};
#define GUE_LENGTH (sizeof(struct udphdr) + sizeof(struct gue))
/* RFC 7605: ports of an encapsulation carry entropy in the dynamic range. */
#define GUE_SOURCE_BASE 0xc000

static __always_inline __u32 outer_length(const struct listener *l, const struct member *m)
{
	return (m->flags & MEMBER_V6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr)) +
	       (l->tunnel == TUNNEL_GUE ? GUE_LENGTH : 0);
}

/* The sum of the inner packet without reading it: its IPv4 header sums to all ones, and its TCP or UDP part, pseudo
 * header included, as well; so the part alone is the complement of its pseudo header. False where that does not hold. */
static __always_inline bool inner_sum(struct xdp_md *ctx, const struct work *w, __u64 *sum, const bool v6)
{
	void *end = end_of(ctx);
	__u32 payload = w->ip_length - (w->l4 - w->l3);
	__u64 pseudo;

	if (w->fragment != FRAGMENT_NONE || (w->protocol != IPPROTO_TCP && w->protocol != IPPROTO_UDP))
		return false;
	if (w->protocol == IPPROTO_UDP) {
		struct udphdr *udp = start_of(ctx) + (w->l4 & L4_MAX);
		if ((void *)(udp + 1) > end || !udp->check || bpf_ntohs(udp->len) != payload)
			return false;
	}
	pseudo = sum_address(&w->source, v6) + sum_address(&w->destination, v6) + bpf_htons(payload) +
		 bpf_htons(w->protocol);
	*sum = (__u16)~fold(pseudo);
	if (v6) {
		/* An IPv6 header has no checksum of its own: add it. Extensions would need reading, so they are refused. */
		struct ipv6hdr *six = start_of(ctx) + (w->l3 & 31);
		const __u32 *word = (const __u32 *)six;
		if ((void *)(six + 1) > end || w->l4 - w->l3 != sizeof(*six))
			return false;
#pragma unroll
		for (int i = 0; i < 10; i++)
			*sum += word[i];
	}
	return true;
}

static __always_inline int emit_tunnel(struct xdp_md *ctx, struct work *w, const struct listener *l,
				       const struct member *m, const struct config *c, const bool v6)
{
	const bool outer6 = m->flags & MEMBER_V6;
	const bool in_udp = l->tunnel == TUNNEL_GUE;
	__u32 grow = outer_length(l, m), link = link_length(&w->hop);
	__u32 udp_length = w->ip_length + GUE_LENGTH;
	__u8 inner_protocol = v6 ? IPPROTO_IPV6 : IPPROTO_IPIP;
	bool check = false;
	__u64 sum = 0;
	__u32 traffic_class;
	void *outer, *end;

	{
		void *ip = start_of(ctx) + (w->l3 & 31);
		if (ip + sizeof(struct iphdr) > end_of(ctx))
			return drop(COUNT_DROP_INTERNAL);
		/* The whole octet is copied, ECN bits included (RFC 6040, normal mode at the entry). */
		traffic_class = v6 ? (bpf_ntohs(*(__be16 *)ip) >> 4) & 0xff : ((struct iphdr *)ip)->tos;
	}
	if (in_udp && (l->flags & LISTENER_GUE_CHECKSUM))
		check = inner_sum(ctx, w, &sum, v6);
	if (!reframe(ctx, w, grow))
		return drop(COUNT_DROP_HEADROOM);
	if (!write_link(ctx, w, outer6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return drop(COUNT_DROP_INTERNAL);
	outer = start_of(ctx) + (link & 31);
	end = end_of(ctx);
	if (outer6) {
		struct ipv6hdr *six = outer;
		if (outer + sizeof(*six) + GUE_LENGTH > end)
			return drop(COUNT_DROP_INTERNAL);
		*(__be32 *)six = bpf_htonl(6u << 28 | traffic_class << 20);
		six->payload_len = bpf_htons(w->ip_length + (in_udp ? GUE_LENGTH : 0));
		six->nexthdr = in_udp ? IPPROTO_UDP : inner_protocol;
		six->hop_limit = OUTER_TTL;
		if (in_udp) {
			__builtin_memcpy(&six->saddr, c->own6, sizeof(six->saddr));
		} else {
			__builtin_memcpy(&six->saddr, c->tunnel_source6, 12);
			six->saddr.s6_addr32[3] = w->entropy;
		}
		__builtin_memcpy(&six->daddr, &m->address, sizeof(six->daddr));
		if (check) {
			union address from;
			__builtin_memcpy(&from, &six->saddr, sizeof(from));
			sum += sum_address(&from, true) + sum_address(&m->address, true);
		}
		outer += sizeof(*six);
	} else {
		struct iphdr *four = outer;
		if (outer + sizeof(*four) + GUE_LENGTH > end)
			return drop(COUNT_DROP_INTERNAL);
		four->version = 4;
		four->ihl = 5;
		four->tos = traffic_class;
		four->tot_len = bpf_htons(w->ip_length + grow);
		four->id = 0;
		four->frag_off = bpf_htons(0x4000);
		four->ttl = OUTER_TTL;
		four->protocol = in_udp ? IPPROTO_UDP : inner_protocol;
		four->check = 0;
		four->saddr = in_udp ? m->outer_source
				     : c->tunnel_source4 | bpf_htonl(w->entropy & c->tunnel_mask4);
		four->daddr = m->address.v4;
		four->check = csum_of_ip4(four);
		if (check)
			sum += (__u64)four->saddr + four->daddr;
		outer += sizeof(*four);
	}
	if (in_udp) {
		struct udphdr *udp = outer;
		struct gue *gue = (void *)(udp + 1);
		if ((void *)(gue + 1) > end)
			return drop(COUNT_DROP_INTERNAL);
		udp->source = bpf_htons(GUE_SOURCE_BASE | (w->entropy & 0x3fff));
		udp->dest = l->tunnel_port;
		udp->len = bpf_htons(udp_length);
		udp->check = 0;
		gue->control_and_length = 0;
		gue->protocol = inner_protocol;
		gue->flags = 0;
		if (check) {
			__u16 result;
			/* Pseudo header: length and protocol; then the UDP and GUE headers. */
			sum += (__u64)udp->len + bpf_htons(IPPROTO_UDP);
			sum += (__u64)udp->source + udp->dest + udp->len;
			sum += *(__be16 *)gue;
			result = ~fold(sum);
			udp->check = result ? result : 0xffff;
		}
	}
	return leave(w);
}
