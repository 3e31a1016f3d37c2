/* Addresses and ports rewritten in place, checksums carried along. SCTP's CRC32c covers neither addresses nor anything
 * that changes here (its ports never do), RFC 9260 section 6.8. */
#pragma once

#include "csum.h"
#include "packet.h"

static __always_inline bool translate_l4(void *l4, void *end, const struct work *w, __u64 difference)
{
	difference += changed_port(w->source_port, w->new_source_port);
	difference += changed_port(w->destination_port, w->new_destination_port);
	if (w->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;
		if ((void *)(tcp + 1) > end)
			return false;
		tcp->source = w->new_source_port;
		tcp->dest = w->new_destination_port;
		tcp->check = csum_apply(tcp->check, difference);
	} else if (w->protocol == IPPROTO_UDP) {
		struct udphdr *udp = l4;
		if ((void *)(udp + 1) > end)
			return false;
		udp->source = w->new_source_port;
		udp->dest = w->new_destination_port;
		udp->check = csum_apply_udp(udp->check, difference);
	}
	return true;
}

static __always_inline bool translate(struct xdp_md *ctx, const struct work *w, const bool v6)
{
	void *data = start_of(ctx), *end = end_of(ctx);
	void *ip = data + (w->l3 & 31);
	__u64 difference = changed_address(&w->source, &w->new_source, v6) +
			   changed_address(&w->destination, &w->new_destination, v6);

	if (v6) {
		struct ipv6hdr *six = ip;
		if ((void *)(six + 1) > end)
			return false;
		__builtin_memcpy(&six->saddr, &w->new_source, sizeof(six->saddr));
		__builtin_memcpy(&six->daddr, &w->new_destination, sizeof(six->daddr));
		six->hop_limit--;
	} else {
		struct iphdr *four = ip;
		if ((void *)(four + 1) > end)
			return false;
		four->saddr = w->new_source.v4;
		four->daddr = w->new_destination.v4;
		four->check = csum_apply(four->check, difference);
		decrement_ttl4(four);
	}
	if (w->fragment == FRAGMENT_LATER)
		return true;
	return translate_l4(data + (w->l4 & L4_MAX), end, w, difference);
}
