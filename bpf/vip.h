/* What an address and port mean to us. */
#pragma once

#include "maps.h"
#include "packet.h"

static __always_inline __u32 *vip_find(const union address *address, __be16 port, __u8 protocol, __u8 kind,
				       const bool v6)
{
	if (v6) {
		struct vip6_key key = {.port = port, .protocol = protocol, .kind = kind};
		__builtin_memcpy(key.address, address->v6, sizeof(key.address));
		return bpf_map_lookup_elem(&vips6, &key);
	} else {
		struct vip4_key key = {
			.whole = joined(address->v4, joined_ports(port, joined_bytes(protocol, kind, 0))),
		};
		return bpf_map_lookup_elem(&vips4, &key);
	}
}

/* The member that the packet's source is. Those of a listener with a range of ports answer from any. */
static __always_inline __u32 *endpoint_find(const struct work *w, const bool v6)
{
	__u32 *found = vip_find(&w->source, w->source_port, w->protocol, VIP_MEMBER, v6);

	return found ? found : vip_find(&w->source, 0, w->protocol, VIP_MEMBER, v6);
}
