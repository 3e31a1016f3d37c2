/* What an address and port mean to us, close together: rows of `vips4` again, in sets of one cache line, and a bit for each
 * address that is nobody's. A look into the kernel's hash costs as much as all the rest of the short way, and more where
 * nothing is found. User space writes both tables (src/drivers/xdp/near-vips.ts): a row goes before that of `vips4` changes and
 * comes after it has, and a bit is set only while no row of `vips4` has such an address. What is not found here is asked
 * of the kernel, so memory full of zeros is right as well. */
#pragma once

#include "hash.h"
#include "vip.h"

#define NEAR_WAYS 4
#define NEAR_SET_BITS 14
#define STRANGER_BITS 16

/* One of which the halves were not written together matches no key. */
struct near_vip {
	__u64 check; /* struct vip4_key as a whole, exclusive or MIX_1 times the value */
	__u32 value;
	__u32 spare;
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
		__u32 value = row->value;
		if ((row->check ^ value * MIX_1) == key.whole)
			return value;
	}
	found = bpf_map_lookup_elem(&vips4, &key);
	return found ? *found : 0;
}
