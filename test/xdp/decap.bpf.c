/* The members' side of the tunnels, for tests: the test machine's kernel has no ipip and no fou devices. Takes the outer
 * header off and passes the inner packet up. */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char _license[] SEC("license") = "Dual MIT/GPL";

#define GUE_PORT 6080

SEC("xdp")
int decap(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct ethhdr *eth = data, kept;
	int outer = 0;
	__u8 inner;

	if ((void *)(eth + 1) + sizeof(struct iphdr) > end)
		return XDP_PASS;
	if (eth->h_proto == bpf_htons(ETH_P_IP)) {
		struct iphdr *ip = (void *)(eth + 1);
		outer = sizeof(*ip);
		inner = ip->protocol;
	} else if (eth->h_proto == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr *ip = (void *)(eth + 1);
		if ((void *)(ip + 1) > end)
			return XDP_PASS;
		outer = sizeof(*ip);
		inner = ip->nexthdr;
	} else {
		return XDP_PASS;
	}
	if (inner == IPPROTO_UDP) {
		struct udphdr *udp = (void *)(eth + 1) + outer;
		if ((void *)(udp + 1) + 4 > end || udp->dest != bpf_htons(GUE_PORT))
			return XDP_PASS;
		inner = *((__u8 *)(udp + 1) + 1);
		outer += sizeof(*udp) + 4;
	}
	if (inner != IPPROTO_IPIP && inner != IPPROTO_IPV6)
		return XDP_PASS;
	__builtin_memcpy(&kept, eth, sizeof(kept));
	kept.h_proto = inner == IPPROTO_IPIP ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	if (bpf_xdp_adjust_head(ctx, outer))
		return XDP_DROP;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	if (data + sizeof(kept) > end)
		return XDP_DROP;
	__builtin_memcpy(data, &kept, sizeof(kept));
	return XDP_PASS;
}
