/* The two ways that a packet may go, each as a program of its own, so that a test can hold them together. */
#include "steelyard.bpf.c"

/* NOT_QUICK as an unsigned verdict where it leaves the packet to the whole walk. */
SEC("xdp")
int short_way(struct xdp_md *ctx)
{
	return quick(ctx);
}

SEC("xdp")
int whole_walk(struct xdp_md *ctx)
{
	return walk_whole(ctx);
}
