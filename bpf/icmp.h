/* ICMP to our addresses: echo answered, errors sent where the packet they quote belongs. A quoted packet was on its way
 * from the VIP to a client (then the member must hear of it) or, translated, from a client to a member (then the client
 * must, and must recognise it). RFC 5508 section 4 says what is rewritten. A quoted TCP or UDP checksum is left: it is
 * rarely whole, and no stack checks it. */
#pragma once

#include "forward.h"
#include "vip.h"

#define ICMP4_ECHO 8
#define ICMP4_PARAMETER 12
#define ICMP6_ECHO 128
#define ICMP6_ECHO_REPLY 129

static __always_inline bool is_error(__u8 type, const bool v6)
{
	if (v6)
		return type >= 1 && type <= 4;
	return type == ICMP4_UNREACHABLE || type == ICMP4_TIME_EXCEEDED || type == ICMP4_PARAMETER;
}

static __always_inline int answer_echo(struct xdp_md *ctx, struct work *w, const bool v6)
{
	void *ip = start_of(ctx) + (w->l3 & 31), *end = end_of(ctx);
	struct icmp_error *echo = start_of(ctx) + (w->l4 & L4_MAX);

	if (!w->came.ifindex || is_group_mac(w->came.destination_mac) || (void *)(echo + 1) > end ||
	    ip + sizeof(struct iphdr) > end)
		return pass(COUNT_PASS_OTHER);
	if (v6) {
		struct ipv6hdr *six = ip;
		if ((void *)(six + 1) > end)
			return pass(COUNT_PASS_MALFORMED);
		__builtin_memcpy(&six->saddr, &w->destination, sizeof(six->saddr));
		__builtin_memcpy(&six->daddr, &w->source, sizeof(six->daddr));
		six->hop_limit = ANSWER_TTL;
		echo->type = ICMP6_ECHO_REPLY;
		echo->check = csum_apply(echo->check, changed_port(bpf_htons(ICMP6_ECHO << 8),
								    bpf_htons(ICMP6_ECHO_REPLY << 8)));
	} else {
		struct iphdr *four = ip;
		four->saddr = w->destination.v4;
		four->daddr = w->source.v4;
		four->check = csum_apply(four->check, changed_port(bpf_htons((__u16)four->ttl << 8),
								    bpf_htons(ANSWER_TTL << 8)));
		four->ttl = ANSWER_TTL;
		echo->type = 0;
		echo->check = csum_apply(echo->check, changed_port(bpf_htons(ICMP4_ECHO << 8), 0));
	}
	w->hop = w->came;
	if (!write_link(ctx, w, v6 ? bpf_htons(ETH_P_IPV6) : bpf_htons(ETH_P_IP)))
		return drop(COUNT_DROP_INTERNAL);
	count(COUNT_ECHO);
	return leave(w);
}

/* Reads the quoted packet: addresses and ports into w as quoted. False when it is cut short, a fragment, or of a
 * protocol we do not balance. */
static __always_inline bool read_quote(struct xdp_md *ctx, struct work *w, const bool v6)
{
	void *end = end_of(ctx);
	void *inner;
	__be16 *ports;

	w->inner = w->l4 + sizeof(struct icmp_error);
	inner = start_of(ctx) + (w->inner & 1023);
	if (v6) {
		struct ipv6hdr *six = inner;
		if ((void *)(six + 1) > end)
			return false;
		w->protocol = six->nexthdr;
		read_address6(&w->source, &six->saddr);
		read_address6(&w->destination, &six->daddr);
		ports = (void *)(six + 1);
		w->inner_l4 = w->inner + sizeof(*six);
	} else {
		struct iphdr *four = inner;
		__u32 header;
		if ((void *)(four + 1) > end)
			return false;
		header = four->ihl * 4;
		if (four->version != 4 || header < sizeof(*four) || (four->frag_off & bpf_htons(0x1fff)))
			return false;
		w->protocol = four->protocol;
		w->source.half[0] = four->saddr;
		w->source.half[1] = 0;
		w->destination.half[0] = four->daddr;
		w->destination.half[1] = 0;
		ports = inner + header;
		w->inner_l4 = w->inner + header;
	}
	if (w->protocol != IPPROTO_TCP && w->protocol != IPPROTO_UDP && w->protocol != PROTO_SCTP)
		return false;
	if ((void *)(ports + 2) > end)
		return false;
	w->source_port = ports[0];
	w->destination_port = ports[1];
	return true;
}

/* Turns the quoted packet's ends round: from what it was to the direction its answers take. */
static __always_inline void swap_ends(struct work *w)
{
	union address address;
	__be16 port = w->source_port;

	copy_address(&address, &w->source);
	copy_address(&w->source, &w->destination);
	copy_address(&w->destination, &address);
	w->source_port = w->destination_port;
	w->destination_port = port;
}

/* w->source.. is the quoted packet turned round, w->new_.. its translation; both are turned back while writing. */
static __always_inline bool translate_error(struct xdp_md *ctx, struct work *w, const bool v6)
{
	void *end = end_of(ctx);
	void *outer = start_of(ctx) + (w->l3 & 31);
	void *inner = start_of(ctx) + (w->inner & 1023);
	__be16 *ports = start_of(ctx) + (w->inner_l4 & 1023);
	struct icmp_error *error = start_of(ctx) + (w->l4 & L4_MAX);
	__u64 outside = changed_address(&w->outer_source, &w->outer_new_source, v6) +
			changed_address(&w->outer_destination, &w->new_destination, v6);
	__u64 inside = changed_address(&w->source, &w->new_source, v6) +
		       changed_address(&w->destination, &w->new_destination, v6);
	__u64 both = changed_port(w->source_port, w->new_source_port) +
		     changed_port(w->destination_port, w->new_destination_port);

	/* Turned round: what leaves as the outer destination is also the quoted source. */
	if ((void *)(ports + 2) > end || (void *)(error + 1) > end)
		return false;
	if (v6) {
		struct ipv6hdr *six = outer, *quoted = inner;
		if ((void *)(six + 1) > end || (void *)(quoted + 1) > end)
			return false;
		__builtin_memcpy(&six->saddr, &w->outer_new_source, sizeof(six->saddr));
		__builtin_memcpy(&six->daddr, &w->new_destination, sizeof(six->daddr));
		six->hop_limit--;
		__builtin_memcpy(&quoted->saddr, &w->new_destination, sizeof(quoted->saddr));
		__builtin_memcpy(&quoted->daddr, &w->new_source, sizeof(quoted->daddr));
		both += outside + inside;
	} else {
		struct iphdr *four = outer, *quoted = inner;
		if ((void *)(four + 1) > end || (void *)(quoted + 1) > end)
			return false;
		four->saddr = w->outer_new_source.v4;
		four->daddr = w->new_destination.v4;
		four->check = csum_apply(four->check, outside);
		decrement_ttl4(four);
		quoted->saddr = w->new_destination.v4;
		quoted->daddr = w->new_source.v4;
		/* The header's sum stays what it was, so the ICMP checksum does not notice. */
		quoted->check = csum_apply(quoted->check, inside);
	}
	ports[0] = w->new_destination_port;
	ports[1] = w->new_source_port;
	error->check = csum_apply(error->check, both);
	return true;
}

/* From the network to a VIP, about a packet that went from the VIP to a client. */
static __always_inline int error_to_member(struct xdp_md *ctx, struct work *w, __u32 listener, const bool v6)
{
	struct config *c = config_of();
	struct listener *l = listener_of(listener);
	struct member *m;
	__u32 number;
	int answer;

	if (!c || !l)
		return drop(COUNT_DROP_INTERNAL);
	w->listener = listener;
	w->tcp_flags = TCP_ACK;
	hash_flow(w, c, l->flags, v6);
	number = stateless_member(w, l);
	if (!number)
		number = v6 ? flow_peek6(w) : flow_peek4(w);
	m = member_of(number);
	if (!number || !m)
		return pass(COUNT_ICMP_UNKNOWN);
	answer = hop_to_member(ctx, w, m);
	if (answer)
		return drop(answer);
	if (lifetime(ctx, w, v6) <= 1)
		return drop(COUNT_DROP_TTL);
	if (is_too_big(w, growth(l, m)))
		return drop(COUNT_DROP_TOO_BIG);
	count(COUNT_ICMP_FORWARDED);
	if (l->mode >= MODE_NAT) {
		copy_address(&w->outer_new_source, &w->outer_source);
		return translate_error(ctx, w, v6) ? emit_link(ctx, w, v6) : drop(COUNT_DROP_ICMP);
	}
	/* The tunnel's checksum shortcut knows TCP and UDP only: this is neither. */
	w->protocol = v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	return send_whole(ctx, w, l, m, c, v6);
}

/* From the members' side, about a packet that we translated and sent to a member. */
static __always_inline int error_to_client(struct xdp_md *ctx, struct work *w, __u32 endpoint, const bool v6)
{
	int answer;

	w->tcp_flags = 0;
	answer = v6 ? flow_reply6(w, endpoint) : flow_reply4(w, endpoint);
	if (answer)
		return pass(COUNT_ICMP_UNKNOWN);
	if (lifetime(ctx, w, v6) <= 1)
		return drop(COUNT_DROP_TTL);
	answer = hop_to_peer(ctx, w, v6);
	if (answer)
		return drop(answer);
	/* A member speaks for itself only as the VIP; a router in between keeps its own address. */
	copy_address(&w->outer_new_source, same_address(&w->outer_source, &w->source) ? &w->new_source
										       : &w->outer_source);
	count(COUNT_ICMP_FORWARDED);
	return translate_error(ctx, w, v6) ? emit_link(ctx, w, v6) : drop(COUNT_DROP_ICMP);
}

static __always_inline int icmp(struct xdp_md *ctx, struct work *w, const bool v6)
{
	struct icmp_error *header = start_of(ctx) + (w->l4 & L4_MAX);
	struct config *c = config_of();
	__u32 *found;

	if ((void *)(header + 1) > end_of(ctx) || w->ip_length < w->l4 - w->l3 + sizeof(*header))
		return pass(COUNT_PASS_MALFORMED);
	if (w->fragment != FRAGMENT_NONE)
		return pass(COUNT_PASS_OTHER);
	if (header->type == (v6 ? ICMP6_ECHO : ICMP4_ECHO)) {
		found = vip_find(&w->destination, 0, 0, VIP_ADDRESS, v6);
		return found ? answer_echo(ctx, w, v6) : pass(COUNT_PASS_OTHER);
	}
	if (!is_error(header->type, v6))
		return pass(COUNT_PASS_OTHER);
	copy_address(&w->outer_source, &w->source);
	copy_address(&w->outer_destination, &w->destination);
	if (!read_quote(ctx, w, v6))
		return pass(COUNT_PASS_OTHER);
	swap_ends(w);
	found = vip_find(&w->destination, w->destination_port, w->protocol, VIP_LISTENER, v6);
	if (found)
		return error_to_member(ctx, w, *found, v6);
	if (!c || !c->has_nat)
		return pass(COUNT_PASS_OTHER);
	found = endpoint_find(w, v6);
	return found ? error_to_client(ctx, w, *found, v6) : pass(COUNT_PASS_OTHER);
}
