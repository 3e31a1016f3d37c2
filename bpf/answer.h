/* Packets we make ourselves, out of the one that caused them: TCP resets, "too big" and "time exceeded". */
#pragma once

#include "clock.h"
#include "emit.h"
#include "stages.h"

/* Per CPU and second, as RFC 1812 section 4.3.2.8 and RFC 4443 section 2.4 (f) ask for a limit. */
#define ANSWERS_PER_WINDOW 1000
/* Bytes of the offending packet that an error quotes: more than any header chain we parse, and a bounded sum. */
#define QUOTE_MAX 128
#define ANSWER_TTL 64

#define ICMP4_UNREACHABLE 3
#define ICMP4_FRAGMENTATION_NEEDED 4
#define ICMP4_TIME_EXCEEDED 11
#define ICMP6_TOO_BIG 2
#define ICMP6_TIME_EXCEEDED 3

TABLE(answers, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct rate, 1, 0);

struct icmp_error {
	__u8 type;
	__u8 code;
	__u16 check;
	__be32 rest;
};

static __always_inline bool may_answer(const struct config *c)
{
	__u32 zero = 0;
	struct rate *r = bpf_map_lookup_elem(&answers, &zero);
	return r && rate_add(r, window_now(c)) <= ANSWERS_PER_WINDOW;
}

/* The frame's length. The barrier keeps the subtraction of pointers in 64 bits, which is all the verifier allows. */
static __always_inline int frame_length(struct xdp_md *ctx)
{
	long length = end_of(ctx) - start_of(ctx);
	asm volatile("" : "+r"(length));
	return length;
}

/* The reset that RFC 9293 section 3.10.7.1 has for a segment of no connection. */
static __always_inline int answer_reset(struct xdp_md *ctx, struct work *w, const bool v6)
{
	__u32 ip_size = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	__u32 size = (w->l3 & 31) + ip_size + sizeof(struct tcphdr);
	void *data = start_of(ctx), *end = end_of(ctx);
	struct tcphdr *tcp = data + (w->l4 & L4_MAX);
	__be32 sequence = 0, acknowledge = 0;
	__u32 length;
	__u64 sum;

	if ((void *)(tcp + 1) > end)
		return drop(COUNT_DROP_MALFORMED);
	if (tcp->ack) {
		sequence = tcp->ack_seq;
	} else {
		length = w->ip_length - (w->l4 - w->l3) - tcp->doff * 4 + tcp->syn + tcp->fin;
		acknowledge = bpf_htonl(bpf_ntohl(tcp->seq) + length);
	}
	if (bpf_xdp_adjust_tail(ctx, (int)size - frame_length(ctx)))
		return drop(COUNT_DROP_INTERNAL);
	data = start_of(ctx);
	end = end_of(ctx);
	w->hop = w->came;
	if (v6) {
		struct ipv6hdr *six = data + (w->l3 & 31);
		tcp = (void *)(six + 1);
		if ((void *)(tcp + 1) > end)
			return drop(COUNT_DROP_INTERNAL);
		*(__be32 *)six = bpf_htonl(6u << 28);
		six->payload_len = bpf_htons(sizeof(*tcp));
		six->nexthdr = IPPROTO_TCP;
		six->hop_limit = ANSWER_TTL;
		__builtin_memcpy(&six->saddr, &w->destination, sizeof(six->saddr));
		__builtin_memcpy(&six->daddr, &w->source, sizeof(six->daddr));
	} else {
		struct iphdr *four = data + (w->l3 & 31);
		tcp = (void *)(four + 1);
		if ((void *)(tcp + 1) > end)
			return drop(COUNT_DROP_INTERNAL);
		four->version = 4;
		four->ihl = 5;
		four->tos = 0;
		four->tot_len = bpf_htons(sizeof(*four) + sizeof(*tcp));
		four->id = 0;
		four->frag_off = bpf_htons(0x4000);
		four->ttl = ANSWER_TTL;
		four->protocol = IPPROTO_TCP;
		four->check = 0;
		four->saddr = w->destination.v4;
		four->daddr = w->source.v4;
		four->check = csum_of_ip4(four);
	}
	tcp->source = w->destination_port;
	tcp->dest = w->source_port;
	tcp->seq = sequence;
	tcp->ack_seq = acknowledge;
	((__be16 *)tcp)[6] = bpf_htons(0x5000 | TCP_RST | (acknowledge ? TCP_ACK : 0));
	tcp->window = 0;
	tcp->check = 0;
	tcp->urg_ptr = 0;
	sum = sum_address(&w->source, v6) + sum_address(&w->destination, v6) + bpf_htons(IPPROTO_TCP) +
	      bpf_htons(sizeof(*tcp));
#pragma unroll
	for (int i = 0; i < 5; i++)
		sum += ((__u32 *)tcp)[i];
	tcp->check = ~fold(sum);
	if (!write_link(ctx, w, v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return drop(COUNT_DROP_INTERNAL);
	count(COUNT_RESET_SENT);
	return leave(w);
}

/* An ICMP error in front of the beginning of the packet itself. */
static __always_inline int answer_error(struct xdp_md *ctx, struct work *w, const struct config *c, const bool v6)
{
	__u32 ip_size = v6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	__u32 quote = (w->ip_length > QUOTE_MAX ? QUOTE_MAX : w->ip_length) & ~3u;
	bool too_big = w->reason == COUNT_TOO_BIG_SENT;
	struct icmp_error *error;
	union address from;
	__u64 sum = 0;
	__u32 *word;
	void *end;

	if (bpf_xdp_adjust_tail(ctx, (int)(w->l3 + quote) - frame_length(ctx)))
		return drop(COUNT_DROP_INTERNAL);
	w->hop = w->came;
	if (!reframe(ctx, w, ip_size + sizeof(*error)))
		return drop(COUNT_DROP_HEADROOM);
	if (!write_link(ctx, w, v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return drop(COUNT_DROP_INTERNAL);
	end = end_of(ctx);
	copy_address(&from, &w->destination);
	if (v6) {
		struct ipv6hdr *six = start_of(ctx) + (link_length(&w->hop) & 31);
		error = (void *)(six + 1);
		if ((void *)(error + 1) > end)
			return drop(COUNT_DROP_INTERNAL);
		if (c->own6[0])
			__builtin_memcpy(&from, c->own6, sizeof(from));
		*(__be32 *)six = bpf_htonl(6u << 28);
		six->payload_len = bpf_htons(sizeof(*error) + quote);
		six->nexthdr = IPPROTO_ICMPV6;
		six->hop_limit = ANSWER_TTL;
		__builtin_memcpy(&six->saddr, &from, sizeof(six->saddr));
		__builtin_memcpy(&six->daddr, &w->source, sizeof(six->daddr));
		error->type = too_big ? ICMP6_TOO_BIG : ICMP6_TIME_EXCEEDED;
		error->code = 0;
		error->rest = too_big ? bpf_htonl(w->mtu) : 0;
		sum = sum_address(&from, true) + sum_address(&w->source, true) +
		      bpf_htons(sizeof(*error) + quote) + bpf_htons(IPPROTO_ICMPV6);
	} else {
		struct iphdr *four = start_of(ctx) + (link_length(&w->hop) & 31);
		error = (void *)(four + 1);
		if ((void *)(error + 1) > end)
			return drop(COUNT_DROP_INTERNAL);
		if (c->own4)
			from.v4 = c->own4;
		four->version = 4;
		four->ihl = 5;
		four->tos = 0;
		four->tot_len = bpf_htons(sizeof(*four) + sizeof(*error) + quote);
		four->id = 0;
		four->frag_off = 0;
		four->ttl = ANSWER_TTL;
		four->protocol = IPPROTO_ICMP;
		four->check = 0;
		four->saddr = from.v4;
		four->daddr = w->source.v4;
		four->check = csum_of_ip4(four);
		error->type = too_big ? ICMP4_UNREACHABLE : ICMP4_TIME_EXCEEDED;
		error->code = too_big ? ICMP4_FRAGMENTATION_NEEDED : 0;
		error->rest = too_big ? bpf_htonl(w->mtu & 0xffff) : 0;
	}
	error->check = 0;
	word = (void *)error;
	for (int i = 0; i < (sizeof(*error) + QUOTE_MAX) / 4; i++) {
		if ((void *)(word + 1) > end)
			break;
		sum += *word++;
	}
	error->check = ~fold(sum);
	count(w->reason);
	return leave(w);
}

static __always_inline int answer(struct xdp_md *ctx, struct work *w, const bool v6)
{
	struct config *c = config_of();
	bool too_big = w->reason == COUNT_TOO_BIG_SENT;
	enum count silent = w->reason == COUNT_RESET_SENT ? COUNT_DROP_NO_FLOW
			    : too_big			  ? COUNT_DROP_TOO_BIG
							  : COUNT_DROP_TTL;

	/* Two tags cannot be answered (parse.h), and nobody is told of a packet that may be cut. */
	if (!c || !w->came.ifindex || is_group_mac(w->came.destination_mac))
		return drop(silent);
	if (too_big && !v6) {
		struct iphdr *ip = start_of(ctx) + (w->l3 & 31);
		if ((void *)(ip + 1) > end_of(ctx) || !(ip->frag_off & bpf_htons(0x4000)))
			return drop(silent);
	}
	if (!may_answer(c))
		return drop(silent);
	return w->reason == COUNT_RESET_SENT ? answer_reset(ctx, w, v6) : answer_error(ctx, w, c, v6);
}
