/* Internet checksums (RFC 1071), and changing them without reading the packet (RFC 1624, equation 3). */
#pragma once

#include "packet.h"

static __always_inline __u16 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* The difference that replacing one 32-bit word makes; add several, then apply once. */
static __always_inline __u64 changed(__be32 from, __be32 to)
{
	return (__u64)(__u32)~from + to;
}

static __always_inline __u64 changed_address(const union address *from, const union address *to, const bool v6)
{
	__u64 sum = changed(from->v6[0], to->v6[0]);
	if (v6) {
		sum += changed(from->v6[1], to->v6[1]);
		sum += changed(from->v6[2], to->v6[2]);
		sum += changed(from->v6[3], to->v6[3]);
	}
	return sum;
}

static __always_inline __u64 changed_port(__be16 from, __be16 to)
{
	return (__u64)(__u16)~from + to;
}

static __always_inline __u16 csum_apply(__u16 check, __u64 difference)
{
	return ~fold((__u64)(__u16)~check + difference);
}

/* A UDP checksum of 0 means "none" and must stay; one that comes out as 0 is sent as all ones (RFC 768). */
static __always_inline __u16 csum_apply_udp(__u16 check, __u64 difference)
{
	__u16 result;
	if (!check)
		return 0;
	result = csum_apply(check, difference);
	return result ? result : 0xffff;
}

/* Time to live minus one: the upper byte of a 16-bit word of the header falls by one. */
static __always_inline void decrement_ttl4(struct iphdr *ip)
{
	__u32 check = ip->check;
	check += bpf_htons(0x0100);
	ip->check = check + (check >= 0xffff);
	ip->ttl--;
}

static __always_inline __u64 sum_address(const union address *a, const bool v6)
{
	__u64 sum = a->v6[0];
	if (v6)
		sum += (__u64)a->v6[1] + a->v6[2] + a->v6[3];
	return sum;
}

static __always_inline __u16 csum_of_ip4(const struct iphdr *ip)
{
	const __u32 *word = (const __u32 *)ip;
	__u64 sum = 0;
#pragma unroll
	for (int i = 0; i < 5; i++)
		sum += word[i];
	return ~fold(sum);
}
