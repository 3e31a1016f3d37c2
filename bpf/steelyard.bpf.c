/* Steelyard's XDP data plane. The walk of a packet: parse.h, hash.h or flow.h, forward.h, then one of the emitters.
 * docs/protocols/xdp.md tells why it is as it is. Needs Linux 5.15. */
#include "parse.h"
#include "fragment.h"
#include "forward.h"
#include "answer.h"
#include "icmp.h"
#include "later.h"
#include "quick.h"
#include "stages.h"
#include "vip.h"

char _license[] SEC("license") = "Dual MIT/GPL";

static __always_inline int route(struct xdp_md *ctx, struct work *w, const bool v6)
{
	struct config *c;
	__u32 *found = vip_find(&w->destination, w->destination_port, w->protocol, VIP_LISTENER, v6);

	if (found)
		return forward(ctx, w, *found, v6);
	c = config_of();
	if (!c || !c->has_nat)
		return pass(COUNT_PASS_OTHER);
	found = endpoint_find(w, v6);
	return found ? reply(ctx, w, *found, v6) : pass(COUNT_PASS_OTHER);
}

static __always_inline int walk_whole(struct xdp_md *ctx)
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

static __always_inline int walk(struct xdp_md *ctx)
{
	int verdict = quick(ctx);

	return verdict == NOT_QUICK ? go_to(ctx, STAGE_WALK) : verdict;
}

SEC("xdp")
int steelyard(struct xdp_md *ctx)
{
	return walk(ctx);
}

/* By a tail call, so that what the short way keeps on its stack does not count with the whole walk's. */
SEC("xdp")
int steelyard_walk(struct xdp_md *ctx)
{
	return walk_whole(ctx);
}

SEC("xdp")
int steelyard_answer(struct xdp_md *ctx)
{
	struct work *w = scratch_of();
	if (!w)
		return drop(COUNT_DROP_INTERNAL);
	return w->v6 ? answer(ctx, w, true) : answer(ctx, w, false);
}

SEC("xdp")
int steelyard_icmp4(struct xdp_md *ctx)
{
	struct work *w = scratch_of();
	return w ? icmp(ctx, w, false) : drop(COUNT_DROP_INTERNAL);
}

SEC("xdp")
int steelyard_icmp6(struct xdp_md *ctx)
{
	struct work *w = scratch_of();
	return w ? icmp(ctx, w, true) : drop(COUNT_DROP_INTERNAL);
}

SEC("xdp")
int steelyard_fragment(struct xdp_md *ctx)
{
	struct work *w = scratch_of();
	if (!w)
		return drop(COUNT_DROP_INTERNAL);
	return w->v6 ? later(ctx, w, true) : later(ctx, w, false);
}

/* Run by user space, never attached: the tick as this program counts it, so that both sides mean the same. */
SEC("xdp")
int steelyard_clock(struct xdp_md *ctx)
{
	struct config *c = config_of();
	return c ? tick_now(c) : 0;
}
