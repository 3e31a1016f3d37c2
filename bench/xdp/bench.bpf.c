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

/* The yardsticks: what the study whose targets we hold measured on its machine, in the same shape, so that a figure of
 * this machine can be told as a ratio. Parse, a hash for the VIP, a ring, a backend, two counters, an outer header. */
#define YARD_SLOTS 65536
#define YARD_BACKENDS 200

struct yard_ring {
	__u16 slot[YARD_SLOTS];
};

struct yard_backend {
	__be32 address;
	__be16 mac[3];
	__u16 zero;
	__u32 spare;
};

struct yard_count {
	__u64 packets;
	__u64 bytes;
};

ARRAY(yard_rings, struct yard_ring, 1, BPF_F_MMAPABLE);
ARRAY(yard_backends, struct yard_backend, YARD_BACKENDS, BPF_F_MMAPABLE);
TABLE(yard_vips, BPF_MAP_TYPE_HASH, struct vip4_key, __u32, 512, 0);
TABLE(yard_lru, BPF_MAP_TYPE_LRU_HASH, struct flow4_key, __u64, 1048576, 0);
TABLE(yard_hash, BPF_MAP_TYPE_HASH, struct flow4_key, __u64, 1048576, 0);
TABLE(yard_counts, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct yard_count, YARD_BACKENDS + 1, 0);

enum yard { YARD_RING, YARD_LRU, YARD_HASH };

static __always_inline void yard_tick(__u32 at, __u32 length)
{
	struct yard_count *row = bpf_map_lookup_elem(&yard_counts, &at);
	if (!row)
		return;
	row->packets++;
	row->bytes += length;
}

static __always_inline int yard(struct xdp_md *ctx, enum yard how)
{
	void *data, *end;
	struct link *eth;
	struct iphdr *ip, *outer;
	struct tcphdr *tcp;
	struct vip4_key vip;
	struct flow4_key key;
	struct yard_backend *backend;
	struct yard_ring *ring;
	__u32 zero = 0, number, *listener, length;
	__u64 *known = 0, fresh;

	if (restore(ctx))
		return XDP_ABORTED;
	data = start_of(ctx);
	end = end_of(ctx);
	eth = data;
	ip = data + ETH_HLEN;
	tcp = (void *)(ip + 1);
	if ((void *)(tcp + 1) > end || eth->protocol != bpf_htons(ETH_P_IP) || ip->ihl != 5 ||
	    ip->protocol != IPPROTO_TCP)
		return XDP_ABORTED;
	vip.whole = joined(ip->daddr, joined_ports(tcp->dest, joined_bytes(ip->protocol, 0, 0)));
	listener = bpf_map_lookup_elem(&yard_vips, &vip);
	ring = bpf_map_lookup_elem(&yard_rings, &zero);
	if (!listener || !ring)
		return XDP_PASS;
	key.half[0] = joined(ip->saddr, ip->daddr);
	key.half[1] = joined(joined_ports(tcp->source, tcp->dest), ip->protocol);
	number = ring->slot[(mix(key.half[0] ^ key.half[1]) >> 48) % YARD_SLOTS];
	if (how == YARD_LRU)
		known = bpf_map_lookup_elem(&yard_lru, &key);
	if (how == YARD_HASH)
		known = bpf_map_lookup_elem(&yard_hash, &key);
	if (known) {
		number = *known;
	} else if (how != YARD_RING) {
		fresh = number;
		if (how == YARD_LRU)
			bpf_map_update_elem(&yard_lru, &key, &fresh, BPF_ANY);
		else
			bpf_map_update_elem(&yard_hash, &key, &fresh, BPF_ANY);
	}
	backend = bpf_map_lookup_elem(&yard_backends, &number);
	if (!backend)
		return XDP_DROP;
	length = bpf_ntohs(ip->tot_len);
	yard_tick(number, length);
	yard_tick(YARD_BACKENDS, length);
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(*outer)))
		return XDP_DROP;
	eth = start_of(ctx);
	outer = (void *)(eth + 1);
	if ((void *)(outer + 1) > end_of(ctx))
		return XDP_DROP;
	copy_mac(eth->destination, backend->mac);
	copy_mac(eth->source, backend->mac);
	eth->protocol = bpf_htons(ETH_P_IP);
	*(__u32 *)outer = bpf_htonl(0x45000000 | (length + sizeof(*outer)));
	*((__u32 *)outer + 1) = bpf_htonl(0x4000);
	*((__u32 *)outer + 2) = bpf_htonl(64 << 24 | IPPROTO_IPIP << 16);
	outer->saddr = bpf_htonl(0xac100000) ^ (__u32)key.half[0];
	outer->daddr = backend->address;
	outer->check = csum_of_ip4(outer);
	return XDP_TX;
}

SEC("xdp")
int bench_yard_ring(struct xdp_md *ctx)
{
	return yard(ctx, YARD_RING);
}

SEC("xdp")
int bench_yard_lru(struct xdp_md *ctx)
{
	return yard(ctx, YARD_LRU);
}

SEC("xdp")
int bench_yard_hash(struct xdp_md *ctx)
{
	return yard(ctx, YARD_HASH);
}
