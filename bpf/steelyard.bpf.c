/* Steelyard's XDP data plane. The walk of a packet: parse.h, hash.h or flow.h, forward.h, then one of the emitters.
 * docs/protocols/xdp.md tells why it is as it is. Needs Linux 5.15. */
#include "parse.h"
#include "fragment.h"
#include "forward.h"
#include "stages.h"

char _license[] SEC("license") = "Dual MIT/GPL";

static __always_inline __u32 *vip4_find(__be32 address, __be16 port, __u8 protocol, __u8 kind)
{
	struct vip4_key key = {.address = address, .port = port, .protocol = protocol, .kind = kind};
	return bpf_map_lookup_elem(&vips4, &key);
}

static __always_inline __u32 *vip6_find(const union address *address, __be16 port, __u8 protocol, __u8 kind)
{
	struct vip6_key key = {.port = port, .protocol = protocol, .kind = kind};
	__builtin_memcpy(key.address, address->v6, sizeof(key.address));
	return bpf_map_lookup_elem(&vips6, &key);
}

static __always_inline __u32 *vip_find(const union address *address, __be16 port, __u8 protocol, __u8 kind,
				       const bool v6)
{
	return v6 ? vip6_find(address, port, protocol, kind) : vip4_find(address->v4, port, protocol, kind);
}

static __always_inline int route(struct xdp_md *ctx, struct work *w, const bool v6)
{
	struct config *c;
	__u32 *found = vip_find(&w->destination, w->destination_port, w->protocol, VIP_LISTENER, v6);

	if (found)
		return forward(ctx, w, *found, v6);
	c = config_of();
	if (!c || !c->has_nat)
		return pass(COUNT_PASS_OTHER);
	found = vip_find(&w->source, w->source_port, w->protocol, VIP_MEMBER, v6);
	if (!found)
		/* A range listener's members answer from any port. */
		found = vip_find(&w->source, 0, w->protocol, VIP_MEMBER, v6);
	return found ? reply(ctx, w, *found, v6) : pass(COUNT_PASS_OTHER);
}

SEC("xdp")
int steelyard(struct xdp_md *ctx)
{
	struct work *w = scratch_of();
	__be16 protocol = 0;
	int verdict;

	if (!w)
		return drop(COUNT_DROP_INTERNAL);
	verdict = parse_ethernet(ctx, w, &protocol);
	if (verdict != PARSED)
		return pass(COUNT_PASS_MALFORMED);
	if (protocol == bpf_htons(ETH_P_IP)) {
		verdict = parse_ip4(ctx, w);
		if (verdict == PARSED)
			return route(ctx, w, false);
		if (verdict == PARSED_ICMP)
			return go_to(ctx, STAGE_ICMP4);
	} else if (protocol == bpf_htons(ETH_P_IPV6)) {
		verdict = parse_ip6(ctx, w);
		if (verdict == PARSED)
			return route(ctx, w, true);
		if (verdict == PARSED_ICMP)
			return go_to(ctx, STAGE_ICMP6);
	} else {
		return pass(COUNT_PASS_OTHER);
	}
	if (verdict == PARSED_LATER)
		return go_to(ctx, STAGE_FRAGMENT);
	return verdict;
}

SEC("xdp")
int steelyard_answer(struct xdp_md *ctx) { return drop(COUNT_DROP_INTERNAL); }
SEC("xdp")
int steelyard_icmp4(struct xdp_md *ctx) { return drop(COUNT_DROP_INTERNAL); }
SEC("xdp")
int steelyard_icmp6(struct xdp_md *ctx) { return drop(COUNT_DROP_INTERNAL); }
SEC("xdp")
int steelyard_fragment(struct xdp_md *ctx) { return drop(COUNT_DROP_INTERNAL); }
