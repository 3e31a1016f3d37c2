/* Which member takes a new flow. User space lays out the ring for the scheduler: Maglev slots for mh and sh, an
 * interleaved weighted sequence for rr and wrr, the bare list of members for lc and wlc. */
#pragma once

#include "clock.h"
#include "hash.h"

/* Slots looked at before a new flow is refused because its members are full. */
#define CHOOSE_TRIES 8
/* Members compared by lc and wlc; of more, as many from a rotating start. Keeps the verifier's walk and the cost flat. */
#define LEAST_SCAN 64
/* Live counts that user space has not corrected for this long bind nobody: 32 ticks, about two minutes. */
#define RECOUNT_STALE 32

static __always_inline bool limits_hold(const struct config *c)
{
	return tick_now(c) - c->recount_tick <= RECOUNT_STALE;
}

static __always_inline bool is_full(__u32 number, const struct member *m, const struct config *c)
{
	struct live *live;

	if (!m->max_connections || !limits_hold(c))
		return false;
	live = bpf_map_lookup_elem(&member_live, &number);
	if (!live)
		return false;
	if (live->full && live->active < m->min_connections)
		live->full = 0;
	else if (!live->full && live->active >= m->max_connections)
		live->full = 1;
	return live->full;
}

static __always_inline __u32 *robin_of(__u32 listener)
{
	return bpf_map_lookup_elem(&robin, &listener);
}

/* IPVS's measure: an inactive connection weighs 1/256 of an active one. Scaled by weight; ~0 when it can take nothing. */
static __always_inline __u64 cost_of(struct work *w, __u32 number)
{
	struct member *m = member_of(number);
	struct config *c = config_of();
	struct listener *l = listener_of(w->listener);
	struct live *live;
	__u64 load;

	if (!number || !m || !c || !l || !m->weight)
		return ~0ULL;
	if (is_full(number, m, c)) {
		w->reason = COUNT_DROP_MEMBER_FULL;
		return ~0ULL;
	}
	live = bpf_map_lookup_elem(&member_live, &number);
	if (!live)
		return ~0ULL;
	load = ((__u64)live->active << 8) + live->inactive;
	return l->scheduler == SCHED_WLC ? (load << 16) / m->weight : load;
}

/* Steps of the loops below are functions of their own that keep what they find in memory, so the verifier walks each
 * once and sees that all paths through a step meet again. */
__noinline int flow_compare(struct work *w, __u32 slot)
{
	__u32 number;
	__u64 cost;

	if (!w)
		return 0;
	number = slot_member(slot);
	cost = cost_of(w, number);
	if (cost < w->best_cost) {
		w->best_cost = cost;
		w->best = number;
	}
	return 0;
}

static __always_inline __u32 choose_least(struct work *w, const struct listener *l)
{
	__u32 size = l->ring >> 32, first = (__u32)l->ring;
	__u32 *start = robin_of(w->listener);
	__u32 at;

	if (!start)
		return 0;
	at = *start;
	/* The start wanders, so that equals take turns. */
	*start = at + 1 >= size ? 0 : at + 1;
	w->best = 0;
	w->best_cost = ~0ULL;
	for (int i = 0; i < LEAST_SCAN; i++) {
		if (i >= size)
			break;
		if (at >= size)
			at = 0;
		flow_compare(w, first + at);
		at++;
	}
	return w->best;
}

__noinline int flow_can_take(struct work *w, __u32 number)
{
	struct member *m = member_of(number);
	struct config *c = config_of();

	if (!w || !m || !c || !number || !m->weight)
		return 0;
	if (!is_full(number, m, c))
		return 1;
	w->reason = COUNT_DROP_MEMBER_FULL;
	return 0;
}

/* 0 with w->reason set when nobody can take it. */
static __always_inline __u32 choose(struct work *w, const struct listener *l)
{
	__u32 size = l->ring >> 32;
	bool turns = l->scheduler == SCHED_RR || l->scheduler == SCHED_WRR;
	bool again = turns || (l->flags & LISTENER_FALLBACK);
	__u32 *turn;

	w->reason = COUNT_DROP_NO_MEMBER;
	if (!size)
		return 0;
	if (l->scheduler >= SCHED_LC)
		return choose_least(w, l);
	turn = robin_of(w->listener);
	if (!turn)
		return 0;
#pragma unroll
	for (int i = 0; i < CHOOSE_TRIES; i++) {
		__u32 slot, number;

		if (turns) {
			__u32 at = *turn;
			if (at >= size)
				at = 0;
			*turn = at + 1;
			slot = (__u32)l->ring + at;
		} else {
			slot = ring_slot(l->ring, i ? (__u32)(mix(w->hash + i) >> 32) : w->hash);
		}
		number = slot_member(slot);
		if (flow_can_take(w, number))
			return number;
		if (!again)
			return 0;
	}
	return 0;
}
