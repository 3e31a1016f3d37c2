/* Measures the data plane: the program itself with its packet restored after every run (BPF_PROG_RUN repeats on what the
 * last run left), a generator of live frames, and a sink that counts. */
#include "steelyard.bpf.c"

#define FRAME_MAX 128

struct bench {
	__u32 length;      /* of the frame */
	__u32 flow_mask;   /* flows - 1 */
	__u32 address_at;  /* where the flow's number is added: 4 bytes of an address */
	__u32 port_at;     /* and 2 of a port */
	__u32 out_ifindex; /* generator: where frames go */
	__u32 spare;
	__u64 sink;        /* frames that arrived */
	__u8 frame[FRAME_MAX];
};

ARRAY(bench, struct bench, 1, BPF_F_MMAPABLE);
TABLE(bench_next, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u32, 1, 0);
TABLE(bench_sunk, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64, 1, 0);

/* 64 flows an address, so that 16k of them are 256 clients. */
#define FLOWS_PER_ADDRESS 64

/* In the units in which the program reads: a field that was stored in parts would make it wait for the store buffer,
 * which it never does for a frame that came by DMA. Halves for the link header, words from the IPv4 header on. */
static __always_inline void copy_frame(void *to, const void *from)
{
#pragma unroll
	for (int at = 0; at < ETH_HLEN; at += 2)
		*(__u16 *)(to + at) = *(const __u16 *)(from + at);
#pragma unroll
	for (int at = ETH_HLEN; at < 58; at += 4)
		*(__u32 *)(to + at) = *(const __u32 *)(from + at);
	*(__u16 *)(to + 58) = *(const __u16 *)(from + 58);
}

static __always_inline int restore(struct xdp_md *ctx)
{
	__u32 zero = 0, flow, *next = bpf_map_lookup_elem(&bench_next, &zero);
	struct bench *b = bpf_map_lookup_elem(&bench, &zero);
	void *data, *end;
	__be32 *address, before;
	struct iphdr *ip;
	__be16 *port;
	long length;

	if (!b || !next)
		return -1;
	length = end_of(ctx) - start_of(ctx);
	if (length != b->length && bpf_xdp_adjust_head(ctx, (int)(length - b->length)))
		return -1;
	data = start_of(ctx);
	end = end_of(ctx);
	if (data + 60 > end)
		return -1;
	copy_frame(data, b->frame);
	flow = (*next)++ & b->flow_mask;
	address = data + (b->address_at & 63);
	if ((void *)(address + 1) > end)
		return -1;
	ip = data + ETH_HLEN;
	if ((void *)(ip + 1) > end)
		return -1;
	before = *address;
	*address += bpf_htonl(flow / FLOWS_PER_ADDRESS);
	/* The kernel's own ways look at it. */
	ip->check = csum_apply(ip->check, changed(before, *address));
	port = data + (b->port_at & 63);
	if ((void *)(port + 1) > end)
		return -1;
	*port += bpf_htons(flow % FLOWS_PER_ADDRESS);
	return 0;
}

/* Everything but the walk: to be subtracted. */
SEC("xdp")
int bench_base(struct xdp_md *ctx)
{
	return restore(ctx) ? XDP_ABORTED : XDP_TX;
}

SEC("xdp")
int bench_walk(struct xdp_md *ctx)
{
	if (restore(ctx))
		return XDP_ABORTED;
	return walk(ctx);
}

/* Parts of the walk, to see where its time goes. */
static __always_inline bool parsed(struct xdp_md *ctx, struct work *w)
{
	__be16 protocol = 0;

	return parse_ethernet(ctx, w, &protocol) == PARSED && protocol == bpf_htons(ETH_P_IP) &&
	       parse_ip4(ctx, w) == PARSED;
}

SEC("xdp")
int bench_parse(struct xdp_md *ctx)
{
	struct work *w = scratch_of();

	return !restore(ctx) && w && parsed(ctx, w) ? XDP_TX : XDP_ABORTED;
}

SEC("xdp")
int bench_find(struct xdp_md *ctx)
{
	struct work *w = scratch_of();

	if (restore(ctx) || !w || !parsed(ctx, w))
		return XDP_ABORTED;
	return vip_find(&w->destination, w->destination_port, w->protocol, VIP_LISTENER, false) ? XDP_TX
												 : XDP_ABORTED;
}

SEC("xdp")
int bench_generate(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct bench *b = bpf_map_lookup_elem(&bench, &zero);
	if (!b || restore(ctx))
		return XDP_ABORTED;
	return bpf_redirect(b->out_ifindex, 0);
}

SEC("xdp")
int bench_sink(struct xdp_md *ctx)
{
	__u32 zero = 0;
	__u64 *sunk = bpf_map_lookup_elem(&bench_sunk, &zero);
	void *data = start_of(ctx);

	/* Only what came through: IPv4 or IPv6, not the kernel's own chatter. */
	if (sunk && data + 60 <= end_of(ctx))
		*sunk += 1;
	return XDP_DROP;
}

SEC("xdp")
int bench_pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* The cheapest thing that sends a frame back: swaps the addresses. */
SEC("xdp")
int bench_swap(struct xdp_md *ctx)
{
	struct ethhdr *eth = start_of(ctx);
	__u8 mac[ETH_ALEN];

	if ((void *)(eth + 1) > end_of(ctx))
		return XDP_DROP;
	__builtin_memcpy(mac, eth->h_dest, ETH_ALEN);
	__builtin_memcpy(eth->h_dest, eth->h_source, ETH_ALEN);
	__builtin_memcpy(eth->h_source, mac, ETH_ALEN);
	return XDP_TX;
}
