/* Rare work lives in programs of its own, so that the common path stays short for the verifier and for the caches. What
 * is known of the packet stands in a per-CPU row that they share: XDP runs to completion on its CPU, so nobody else can
 * touch it, it survives tail calls, and unlike the stack it needs no clearing. */
#pragma once

#include "maps.h"
#include "packet.h"

enum stage { STAGE_ANSWER = 0, STAGE_ICMP4 = 1, STAGE_ICMP6 = 2, STAGE_FRAGMENT = 3, STAGE_WALK = 4, STAGES = 5 };

TABLE(scratch, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct work, 1, 0);

int steelyard_walk(struct xdp_md *ctx);
int steelyard_answer(struct xdp_md *ctx);
int steelyard_icmp4(struct xdp_md *ctx);
int steelyard_icmp6(struct xdp_md *ctx);
int steelyard_fragment(struct xdp_md *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, STAGES);
	__type(key, __u32);
	__array(values, int(struct xdp_md *));
} stages SEC(".maps") = {
	.values = {
		[STAGE_WALK] = (void *)&steelyard_walk,
		[STAGE_ANSWER] = (void *)&steelyard_answer,
		[STAGE_ICMP4] = (void *)&steelyard_icmp4,
		[STAGE_ICMP6] = (void *)&steelyard_icmp6,
		[STAGE_FRAGMENT] = (void *)&steelyard_fragment,
	},
};

static __always_inline struct work *scratch_of(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&scratch, &zero);
}

static __always_inline int go_to(struct xdp_md *ctx, enum stage stage)
{
	bpf_tail_call(ctx, &stages, stage);
	return drop(COUNT_DROP_INTERNAL);
}

/* A negative enum count from the flow functions: an answer to send, or a plain verdict. */
static __always_inline int refuse(struct xdp_md *ctx, struct work *w, enum count reason)
{
	if (reason == COUNT_RESET_SENT || reason == COUNT_TTL_SENT || reason == COUNT_TOO_BIG_SENT) {
		w->reason = reason;
		return go_to(ctx, STAGE_ANSWER);
	}
	return reason == COUNT_PASS_REPLY_UNKNOWN ? pass(reason) : drop(reason);
}
