/* What an address and port mean to us, close together: the rows of `vips4` again, in sets of one cache line, and a bit for
 * each address that is nobody's. A look into the kernel's hash costs as much as all the rest of the short way, and twice
 * that where nothing is found. User space writes both tables (src/drivers/xdp/near-vips.ts) and keeps two promises: a set
 * that is not whole at the moment, or that could not hold all of its rows, does not say so; and a bit is set only while no
 * row of `vips4` has such an address. Memory full of zeros therefore means "ask the kernel", not "nothing is there". */
#pragma once

#include "hash.h"
#include "vip.h"

#define NEAR_WAYS 4
#define NEAR_SET_BITS 14
#define STRANGER_BITS 16

struct near_vip {
	__u64 key; /* struct vip4_key as a whole */
	__u32 value;
	__u32 complete; /* of the first row: what is not in the set is not in `vips4` either */
};

struct near_set {
	struct near_vip row[NEAR_WAYS];
};

struct strangers {
	__u64 word[(1 << STRANGER_BITS) / 64];
};

ARRAY(near_vips4, struct near_set, 1 << NEAR_SET_BITS, BPF_F_MMAPABLE);
ARRAY(strangers4, struct strangers, 1, BPF_F_MMAPABLE);

/* No packet to or from there is ours. */
static __always_inline bool is_stranger(__be32 address)
{
	__u32 zero = 0, bit = address * (__u32)MIX_1 >> (32 - STRANGER_BITS);
	struct strangers *all = bpf_map_lookup_elem(&strangers4, &zero);

	return all && all->word[bit / 64] >> (bit % 64) & 1;
}

/* The number that the address and port lead to, as the kernel's table has it, or 0. */
static __always_inline __u32 near_find(struct vip4_key key)
{
	__u32 number = key.whole * MIX_1 >> (64 - NEAR_SET_BITS);
	struct near_set *set = bpf_map_lookup_elem(&near_vips4, &number);
	__u32 *found;

	if (!set)
		return 0;
#pragma unroll
	for (int i = 0; i < NEAR_WAYS; i++) {
		const volatile struct near_vip *row = &set->row[i];
		if (row->key == key.whole) {
			__u32 value = row->value;
			/* Else the row became another one between the two. */
			if (row->key == key.whole)
				return value;
		}
	}
	if (((const volatile struct near_vip *)set->row)->complete)
		return 0;
	found = bpf_map_lookup_elem(&vips4, &key);
	return found ? *found : 0;
}
