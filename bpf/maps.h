/* The tables, each with its owner. Sizes given here are the smallest useful ones; user space sets the real ones before
 * load (src/drivers/xdp/tables.ts). Reads by constant or bounded index are inlined by the kernel. */
#pragma once

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "count.h"
#include "types.h"

#define ARRAY(NAME, VALUE, ENTRIES, FLAGS)           \
	struct {                                     \
		__uint(type, BPF_MAP_TYPE_ARRAY);    \
		__uint(max_entries, ENTRIES);        \
		__uint(map_flags, FLAGS);            \
		__type(key, __u32);                  \
		__type(value, VALUE);                \
	} NAME SEC(".maps")

#define TABLE(NAME, TYPE, KEY, VALUE, ENTRIES, FLAGS) \
	struct {                                      \
		__uint(type, TYPE);                   \
		__uint(max_entries, ENTRIES);         \
		__uint(map_flags, FLAGS);             \
		__type(key, KEY);                     \
		__type(value, VALUE);                 \
	} NAME SEC(".maps")

/* Written by user space through mappings, read by the program. */
ARRAY(config, struct config, 1, BPF_F_MMAPABLE);
ARRAY(listeners, struct listener, 64, BPF_F_MMAPABLE);
ARRAY(members, struct member, 256, BPF_F_MMAPABLE);
ARRAY(rings, struct ring_block, 1024, BPF_F_MMAPABLE);
ARRAY(sources, union address, 256, BPF_F_MMAPABLE);

/* Written by user space through bpf(2). */
TABLE(vips4, BPF_MAP_TYPE_HASH, struct vip4_key, __u32, 256, 0);
TABLE(vips6, BPF_MAP_TYPE_HASH, struct vip6_key, __u32, 256, 0);
TABLE(allowed, BPF_MAP_TYPE_LPM_TRIE, struct allowed_key, __u32, 256, BPF_F_NO_PREALLOC);

/* Written by the program; user space sweeps and recounts. */
TABLE(flows4, BPF_MAP_TYPE_LRU_HASH, struct flow4_key, struct flow4, 4096, 0);
TABLE(flows6, BPF_MAP_TYPE_LRU_HASH, struct flow6_key, struct flow6, 4096, 0);
TABLE(fragments, BPF_MAP_TYPE_LRU_HASH, struct fragment_key, struct fragment, 4096, 0);
TABLE(stickies, BPF_MAP_TYPE_LRU_HASH, struct sticky_key, struct sticky, 4096, 0);
TABLE(source_rates, BPF_MAP_TYPE_LRU_HASH, struct sticky_key, struct rate, 4096, 0);
TABLE(peer_numbers, BPF_MAP_TYPE_HASH, struct peer_key, __u32, 256, 0);
ARRAY(peers, struct hop, 256, BPF_F_MMAPABLE);
ARRAY(peers_used, __u32, 1, BPF_F_MMAPABLE);
ARRAY(member_live, struct live, 256, BPF_F_MMAPABLE);
ARRAY(listener_live, struct live, 64, BPF_F_MMAPABLE);
ARRAY(listener_rates, struct rate, 64, 0);
/* Whose turn it is: shared, since turns of each CPU's own would not add up to even shares. Taken by new flows only. */
ARRAY(turns, __u32, 64, 0);

/* Per CPU, so that no packet waits for another core's cache line. */
TABLE(member_counts, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct member_count, 256, 0);
TABLE(counts, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, COUNT_MAX, 0);
TABLE(nat_cursor, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u32, 1, 0);
TABLE(flood, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct rate, 1, 0);

static __always_inline struct config *config_of(void)
{
	__u32 zero = 0;
	return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline struct listener *listener_of(__u32 number)
{
	return bpf_map_lookup_elem(&listeners, &number);
}

static __always_inline struct member *member_of(__u32 number)
{
	return bpf_map_lookup_elem(&members, &number);
}

static __always_inline int count(enum count reason)
{
	__u32 slot = reason;
	__u64 *value = bpf_map_lookup_elem(&counts, &slot);
	if (value)
		*value += 1;
	return 0;
}

static __always_inline int pass(enum count reason)
{
	count(reason);
	return XDP_PASS;
}

static __always_inline int drop(enum count reason)
{
	count(reason);
	return XDP_DROP;
}
