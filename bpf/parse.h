/* From the frame to struct work. Returns a verdict to end with, or PARSED. Everything read is checked against the
 * packet's end, and lengths inside headers against each other; what contradicts itself is the kernel's to refuse. */
#pragma once

#include "count.h"
#include "maps.h"
#include "packet.h"

#define PARSED (-1)
#define PARSED_ICMP (-2)
#define PARSED_LATER (-3) /* a later fragment: no ports */

struct vlan_tag {
	__be16 tci;
	__be16 next;
};

/* Kernels before 6.8 take the result of a byte swap for any 64-bit number: the mask, out of the compiler's sight, tells
 * them that it fits 16 bits. */
static __always_inline __u64 host16(__be16 value)
{
	__u64 wide = bpf_ntohs(value);
	asm volatile("%0 &= 65535" : "+r"(wide));
	return wide;
}

/* The same for a number the compiler knows to be small. */
static __always_inline __u64 below_512(__u64 value)
{
	asm volatile("%0 &= 511" : "+r"(value));
	return value;
}

static __always_inline int parse_ethernet(struct xdp_md *ctx, struct work *w, __be16 *protocol)
{
	void *end = end_of(ctx);
	struct link *eth = start_of(ctx);
	__be16 next;

	if ((void *)(eth + 1) > end)
		return XDP_PASS;
	copy_mac(w->came.destination_mac, eth->source);
	copy_mac(w->came.source_mac, eth->destination);
	w->came.ifindex = ctx->ingress_ifindex;
	w->came.vlan = 0;
	w->came.mtu = 0;
	w->ingress = ctx->ingress_ifindex;
	next = eth->protocol;
	w->l3 = ETH_HLEN;
	if (next == bpf_htons(ETH_P_8021Q) || next == bpf_htons(ETH_P_8021AD)) {
		struct vlan_tag *tag = (void *)(eth + 1);
		if ((void *)(tag + 1) > end)
			return XDP_PASS;
		w->came.vlan = bpf_ntohs(tag->tci);
		next = tag->next;
		w->l3 += sizeof(*tag);
		if (next == bpf_htons(ETH_P_8021Q)) {
			tag++;
			if ((void *)(tag + 1) > end)
				return XDP_PASS;
			next = tag->next;
			w->l3 += sizeof(*tag);
			/* The way back needs both tags, which a hop does not hold. */
			w->came.ifindex = 0;
		}
	}
	*protocol = next;
	return PARSED;
}

/* Ports and flags; `room` is how many bytes the IP header says are left. */
static __always_inline int parse_l4(void *l4, void *end, struct work *w, __u32 room)
{
	if (w->protocol == IPPROTO_TCP) {
		struct tcphdr *tcp = l4;
		if ((void *)(tcp + 1) > end || room < sizeof(*tcp))
			return pass(COUNT_PASS_MALFORMED);
		w->source_port = tcp->source;
		w->destination_port = tcp->dest;
		w->tcp_flags = ((__u8 *)l4)[13];
		return PARSED;
	}
	if (w->protocol == IPPROTO_UDP || w->protocol == PROTO_SCTP) {
		struct udphdr *udp = l4;
		if ((void *)(udp + 1) > end || room < sizeof(*udp))
			return pass(COUNT_PASS_MALFORMED);
		/* SCTP's common header: the same ports, then a tag and a CRC of 4 bytes each (RFC 9260). */
		if (w->protocol == PROTO_SCTP && (l4 + 12 > end || room < 12))
			return pass(COUNT_PASS_MALFORMED);
		w->source_port = udp->source;
		w->destination_port = udp->dest;
		w->tcp_flags = 0;
		return PARSED;
	}
	if (w->protocol == IPPROTO_ICMP || w->protocol == IPPROTO_ICMPV6)
		return PARSED_ICMP;
	return pass(COUNT_PASS_OTHER);
}

static __always_inline int parse_ip4(struct xdp_md *ctx, struct work *w)
{
	void *data = start_of(ctx), *end = end_of(ctx);
	struct iphdr *ip = data + (w->l3 & 31);
	__u64 header, total, left;

	if ((void *)(ip + 1) > end)
		return pass(COUNT_PASS_MALFORMED);
	header = ip->ihl * 4;
	total = host16(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header || (void *)ip + total > end)
		return pass(COUNT_PASS_MALFORMED);
	w->v6 = 0;
	w->protocol = ip->protocol;
	w->source.half[0] = ip->saddr;
	w->source.half[1] = 0;
	w->destination.half[0] = ip->daddr;
	w->destination.half[1] = 0;
	w->ip_length = total;
	w->l4 = w->l3 + header;
	left = total - header;
	w->fragment = FRAGMENT_NONE;
	if (ip->frag_off & bpf_htons(0x3fff)) {
		w->fragment_id = ip->id;
		w->fragment = FRAGMENT_FIRST;
		if (ip->frag_off & bpf_htons(0x1fff)) {
			w->fragment = FRAGMENT_LATER;
			return PARSED_LATER;
		}
	}
	if (header == sizeof(*ip))
		return parse_l4(ip + 1, end, w, left);
	return parse_l4((void *)ip + header, end, w, left);
}

struct extension {
	__u8 next;
	__u8 length; /* in 8 bytes, not counting the first 8 */
	__be16 offset;
	__be32 id;
};

/* As many extension headers as RFC 8200 section 4.1 recommends in one packet, hop-by-hop to destination options. */
#define EXTENSIONS_MAX 6

static __always_inline int parse_ip6(struct xdp_md *ctx, struct work *w)
{
	void *data = start_of(ctx), *end = end_of(ctx);
	struct ipv6hdr *ip = data + (w->l3 & 31);
	__u64 offset, payload;
	__u8 next;

	if ((void *)(ip + 1) > end)
		return pass(COUNT_PASS_MALFORMED);
	payload = host16(ip->payload_len);
	if (ip->version != 6 || (void *)(ip + 1) + payload > end)
		return pass(COUNT_PASS_MALFORMED);
	w->v6 = 1;
	read_address6(&w->source, &ip->saddr);
	read_address6(&w->destination, &ip->daddr);
	w->ip_length = payload + sizeof(*ip);
	w->fragment = FRAGMENT_NONE;
	next = ip->nexthdr;
	offset = 0;
	if (next != IPPROTO_TCP && next != IPPROTO_UDP && next != IPPROTO_ICMPV6) {
#pragma unroll
		for (int i = 0; i < EXTENSIONS_MAX; i++) {
			struct extension *e;
			if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
			    next != IPPROTO_FRAGMENT)
				break;
			if (offset > L4_MAX - sizeof(*ip) - L3_MAX)
				return pass(COUNT_PASS_MALFORMED);
			e = (void *)(ip + 1) + below_512(offset);
			if ((void *)(e + 1) > end || offset + sizeof(*e) > payload)
				return pass(COUNT_PASS_MALFORMED);
			if (next == IPPROTO_FRAGMENT) {
				w->fragment_id = e->id;
				w->fragment = FRAGMENT_FIRST;
				offset += sizeof(*e);
				next = e->next;
				if (e->offset & bpf_htons(0xfff8)) {
					w->fragment = FRAGMENT_LATER;
					break;
				}
				/* An "atomic" fragment (RFC 6946) is whole. */
				if (!(e->offset & bpf_htons(0x0001)))
					w->fragment = FRAGMENT_NONE;
				continue;
			}
			offset += (e->length + 1) * 8;
			next = e->next;
		}
	}
	w->protocol = next;
	w->l4 = w->l3 + sizeof(*ip) + offset;
	if (w->fragment == FRAGMENT_LATER)
		return PARSED_LATER;
	if (offset > payload || offset > L4_MAX - sizeof(*ip) - L3_MAX)
		return pass(COUNT_PASS_MALFORMED);
	return parse_l4((void *)(ip + 1) + below_512(offset), end, w, payload - offset);
}
