/* Coarse time. bpf_jiffies64 is inlined to one load; the two clock helpers cost 5 to 20 ns. User space derives the shifts
 * from the kernel's tick (clock_getres of CLOCK_MONOTONIC_COARSE), so a tick is about 4 s and a window about 1 s. */
#pragma once

#include "maps.h"

#define TICK_MASK 0xfff /* 12 bits: 4.5 hours; longer timeouts are refused by user space */

static __always_inline __u32 tick_now(const struct config *c)
{
	return bpf_jiffies64() >> (c->tick_shift & 31);
}

static __always_inline __u32 window_now(const struct config *c)
{
	return bpf_jiffies64() >> (c->window_shift & 31);
}

/* Counts one in the current window. Two CPUs at its very start may both reset it: a count lost, not a limit. */
static __always_inline __u32 rate_add(struct rate *r, __u32 window)
{
	if (r->window != window) {
		r->window = window;
		r->count = 0;
	}
	return __sync_fetch_and_add(&r->count, 1) + 1;
}
