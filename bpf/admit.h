/* Whether a new flow may come in at all: allowed sources, limits, the flood guard. 0, or the reason to drop it. */
#pragma once

#include "choose.h"

static __always_inline bool is_allowed(const struct work *w)
{
	struct allowed_key key = {
		.prefix_length = 160,
		.listener = bpf_htonl(w->listener),
	};
	__builtin_memcpy(key.address, w->source.v6, sizeof(key.address));
	return bpf_map_lookup_elem(&allowed, &key) != 0;
}

/* True when this CPU made more new flows in this window than the guard allows. */
static __always_inline bool is_flooded(const struct config *c)
{
	__u32 zero = 0;
	struct rate *r;

	if (!c->flood_per_window)
		return false;
	r = bpf_map_lookup_elem(&flood, &zero);
	return r && rate_add(r, window_now(c)) > c->flood_per_window;
}

static __always_inline enum count admit(const struct work *w, const struct listener *l, const struct config *c)
{
	__u32 number = w->listener;

	if (!(l->flags & LISTENER_LIMITED))
		return COUNT_NONE;
	if (l->max_connections && limits_hold(c)) {
		struct live *live = bpf_map_lookup_elem(&listener_live, &number);
		if (live && live->active >= l->max_connections)
			return COUNT_DROP_LISTENER_FULL;
	}
	if (l->source_per_window) {
		struct sticky_key key = {.listener = number};
		struct rate *r, first = {.window = window_now(c), .count = 1};
		copy_address(&key.source, &w->source);
		r = bpf_map_lookup_elem(&source_rates, &key);
		if (!r)
			bpf_map_update_elem(&source_rates, &key, &first, BPF_ANY);
		else if (rate_add(r, first.window) > l->source_per_window)
			return COUNT_DROP_SOURCE_RATE;
	}
	if (l->connections_per_window) {
		struct rate *r = bpf_map_lookup_elem(&listener_rates, &number);
		if (r && rate_add(r, window_now(c)) > l->connections_per_window)
			return COUNT_DROP_LISTENER_RATE;
	}
	return COUNT_NONE;
}
