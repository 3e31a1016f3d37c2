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

/* The listener's next turn out of `size`; no two packets get the same one, on whatever CPU. */
static __always_inline __u32 turn_of(__u32 listener, __u32 size)
{
	__u32 *turn = bpf_map_lookup_elem(&turns, &listener);
	return turn && size ? __sync_fetch_and_add(turn, 1) % size : 0;
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

static __always_inline bool can_take(struct work *w, __u32 number)
{
	struct member *m = member_of(number);
	struct config *c = config_of();

	if (!m || !c || !number || !m->weight)
		return false;
	if (!is_full(number, m, c))
		return true;
	w->reason = COUNT_DROP_MEMBER_FULL;
	return false;
}

/* Steps of the loops below are functions of their own that keep what they find in memory: the verifier walks each once,
 * and all paths through a step meet again with nothing in registers to tell them apart (older kernels prune less). */
__noinline int flow_compare(struct work *w)
{
	struct listener *l;
	__u32 size, number;
	__u64 cost;

	if (!w)
		return 1;
	l = listener_of(w->listener);
	if (!l)
		return 1;
	size = l->ring >> 32;
	if (w->step >= size)
		return 1;
	if (w->at >= size)
		w->at = 0;
	number = slot_member((__u32)l->ring + w->at);
	w->step++;
	w->at++;
	cost = cost_of(w, number);
	if (cost < w->best_cost) {
		w->best_cost = cost;
		w->best = number;
	}
	return 0;
}

/* One slot: the next turn, or where the hash leads, and on later tries where it leads when shaken. */
__noinline int flow_try(struct work *w)
{
	struct listener *l;
	__u32 size, slot, number;
	bool in_turn;

	if (!w)
		return 1;
	l = listener_of(w->listener);
	if (!l)
		return 1;
	size = l->ring >> 32;
	in_turn = l->scheduler == SCHED_RR || l->scheduler == SCHED_WRR;
	if (in_turn)
		slot = (__u32)l->ring + turn_of(w->listener, size);
	else
		slot = ring_slot(l->ring, w->step ? (__u32)(mix(w->hash + w->step) >> 32) : w->hash);
	w->step++;
	number = slot_member(slot);
	if (can_take(w, number)) {
		w->best = number;
		return 1;
	}
	return !in_turn && !(l->flags & LISTENER_FALLBACK);
}

/* 0 with w->reason set when nobody can take it. */
static __always_inline __u32 choose(struct work *w, const struct listener *l)
{
	__u32 size = l->ring >> 32;

	w->reason = COUNT_DROP_NO_MEMBER;
	w->best = 0;
	w->best_cost = ~0ULL;
	w->step = 0;
	if (!size)
		return 0;
	if (l->scheduler >= SCHED_LC) {
		/* The start wanders, so that equals take turns. */
		w->at = turn_of(w->listener, size);
		for (int i = 0; i < LEAST_SCAN; i++)
			if (flow_compare(w))
				break;
	} else {
		for (int i = 0; i < CHOOSE_TRIES; i++)
			if (flow_try(w))
				break;
	}
	return w->best;
}
