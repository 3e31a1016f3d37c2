/* What is known of one packet: filled by parse.h, added to by choose.h and the flow files, used up by the emit files. */
#pragma once

#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "types.h"

#define PROTO_SCTP 132

/* Bounds that the verifier can follow: two VLAN tags; 60 bytes of IPv4 header or 40 and six extensions. */
#define L3_MAX (ETH_HLEN + 8)
#define L4_MAX 511

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

#define FRAGMENT_NONE 0
#define FRAGMENT_FIRST 1
#define FRAGMENT_LATER 2

/* A link header read and written two bytes at a time: the kernel's own struct is packed, which makes it twelve single ones. */
struct link {
	__be16 destination[3];
	__be16 source[3];
	__be16 protocol;
};

static __always_inline void copy_mac(__be16 *to, const __be16 *from)
{
	to[0] = from[0];
	to[1] = from[1];
	to[2] = from[2];
}

static __always_inline bool is_group_mac(const __be16 *mac)
{
	return mac[0] & bpf_htons(0x0100);
}

/* Keys are built of whole words: what was stored in parts and is read at once waits until it has left the store buffer. */
static __always_inline __u64 joined(__u32 first, __u32 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u64)second << 32 | first;
#else
	return (__u64)first << 32 | second;
#endif
}

static __always_inline __u32 joined_ports(__be16 first, __be16 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u32)second << 16 | first;
#else
	return (__u32)first << 16 | second;
#endif
}

static __always_inline __u32 joined_bytes(__u8 first, __u8 second, __u16 rest)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (__u32)rest << 16 | (__u32)second << 8 | first;
#else
	return (__u32)first << 24 | (__u32)second << 16 | rest;
#endif
}

struct work {
	union address source;
	union address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 tcp_flags;
	__u8 v6;
	__u8 fragment;
	__be32 fragment_id;
	__u32 l3;
	__u32 l4;
	__u32 ip_length; /* IPv4 total length, or 40 and the payload */
	__u32 ingress;
	__u32 hash;    /* picks the slot */
	__u32 entropy; /* spreads outer headers */
	__u32 listener;
	/* the decision */
	__u32 member;
	__u32 peer;
	__u32 source_row; /* fullnat, onearm: which of the listener's sources */
	__be16 new_source_port;
	__be16 new_destination_port;
	union address new_source;
	union address new_destination;
	struct hop hop;
	/* choosing, between two steps of a loop */
	__u64 best_cost;
	__u32 best;
	__u32 step;
	__u32 at;
	__u32 reason; /* of a drop, or what xdp_answer shall say */
	__u32 mtu;
	/* ICMP errors: where the quoted packet stands, and the outer addresses while the fields above hold the quoted ones */
	__u32 inner;
	__u32 inner_l4;
	union address outer_source;
	union address outer_destination;
	union address outer_new_source;
	struct hop came; /* the frame's own hop, turned round: the way back */
};

static __always_inline void *start_of(struct xdp_md *ctx)
{
	return (void *)(long)ctx->data;
}

static __always_inline void *end_of(struct xdp_md *ctx)
{
	return (void *)(long)ctx->data_end;
}

static __always_inline bool is_syn(const struct work *w)
{
	return (w->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

static __always_inline void copy_address(union address *to, const union address *from)
{
	to->half[0] = from->half[0];
	to->half[1] = from->half[1];
}

static __always_inline void read_address6(union address *to, const struct in6_addr *from)
{
	to->half[0] = joined(from->s6_addr32[0], from->s6_addr32[1]);
	to->half[1] = joined(from->s6_addr32[2], from->s6_addr32[3]);
}

static __always_inline bool same_address(const union address *a, const union address *b)
{
	return ((a->half[0] ^ b->half[0]) | (a->half[1] ^ b->half[1])) == 0;
}
