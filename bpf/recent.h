/* Flows met within about a second, close together: 16 bytes each, four to a cache line, a megabyte in all. The flow table is
 * as large as its limit, so that a look into it misses the caches and the translation buffers; a look in here seldom does.
 * It is no second truth: what is found here was found in the table, alive, in this very window, and whatever changes an entry
 * takes it out of here first. Rows are shared by all CPUs without a lock: a row torn between two writers matches nothing. */
#pragma once

#include "clock.h"
#include "hash.h"

#define RECENT_WAYS 4
#define RECENT_SETS 16384

union flow_word {
	struct flow4 flow;
	__u64 word;
};

struct recent {
	__u64 check; /* the fingerprint, exclusive or the word */
	union flow_word known; /* `stamp_state` is the window's number here */
};

struct recent_set {
	struct recent row[RECENT_WAYS];
};

ARRAY(recents, struct recent_set, RECENT_SETS, BPF_F_MMAPABLE);

static __always_inline struct recent_set *recent_set_of(__u64 ends, __u64 ports, const struct config *c, __u64 *print)
{
	__u64 hash = mix(mix(ends ^ c->seed[0]) + (ports ^ c->seed[1]));
	__u32 number = hash % RECENT_SETS;

	/* Rows of another window have another fingerprint. */
	*print = hash ^ window_now(c) * MIX_1;
	return bpf_map_lookup_elem(&recents, &number);
}

static __always_inline bool recent_is(const struct recent *row, __u64 print, __u64 *word)
{
	*word = *(volatile const __u64 *)&row->known.word;
	return (*(volatile const __u64 *)&row->check ^ *word) == print;
}

/* What is known of the flow, or 0: no flow has a member of that number. */
static __always_inline __u64 recent_find(__u64 ends, __u64 ports, const struct config *c)
{
	__u64 print, word;
	struct recent_set *set = recent_set_of(ends, ports, c, &print);

	if (!set)
		return 0;
#pragma unroll
	for (int i = 0; i < RECENT_WAYS; i++)
		if (recent_is(&set->row[i], print, &word))
			return word;
	return 0;
}

/* Rows of this window stay: where there are more flows than rows, the look was in vain, but nothing is written. */
static __always_inline void recent_keep(__u64 ends, __u64 ports, __u64 word, const struct config *c)
{
	union flow_word known = {.word = word};
	__u64 print;
	struct recent_set *set = recent_set_of(ends, ports, c, &print);

	if (!set)
		return;
	known.flow.stamp_state = window_now(c);
#pragma unroll
	for (int i = 0; i < RECENT_WAYS; i++) {
		struct recent *row = &set->row[i];
		if (row->known.flow.stamp_state != known.flow.stamp_state) {
			row->known.word = known.word;
			row->check = print ^ known.word;
			return;
		}
	}
}

static __always_inline void recent_forget(__u64 ends, __u64 ports, const struct config *c)
{
	__u64 print, word;
	struct recent_set *set = recent_set_of(ends, ports, c, &print);

	if (!set)
		return;
#pragma unroll
	for (int i = 0; i < RECENT_WAYS; i++)
		if (recent_is(&set->row[i], print, &word))
			set->row[i].check = set->row[i].known.word = 0;
}
