/* Translation of a new flow: what the member will see as source, and the entry by which its replies are known. */
#pragma once

#include "table.h"

/* Ports tried before a flow is refused. The cursor walks the whole range before it comes back to a port, so what it
 * meets is the oldest, and one try is the rule. */
#define NAT_TRIES 8

static __always_inline void reply_tuple(struct tuple *t, const struct work *w)
{
	copy_address(&t->source, &w->new_destination);
	copy_address(&t->destination, &w->new_source);
	t->source_port = w->new_destination_port;
	t->destination_port = w->new_source_port;
	t->protocol = w->protocol;
	t->direction = FLOW_REPLY;
	t->zero = 0;
}

/* The forward entry that a reply entry belongs to. */
static __always_inline struct flow4 *forward_of(const struct flow4 *reply, const struct work *w, const bool v6)
{
	struct member *m = member_of(reply->reply_member);
	struct tuple t = {.protocol = w->protocol};
	struct listener *l;

	if (!m)
		return 0;
	l = listener_of(m->listener);
	if (!l)
		return 0;
	if (v6)
		__builtin_memcpy(t.source.v6, ((const struct flow6 *)reply)->client, sizeof(t.source.v6));
	else
		t.source.v4 = reply->client;
	copy_address(&t.destination, &l->vip);
	t.source_port = reply->client_port;
	t.destination_port = l->port ? l->port : w->destination_port;
	return flow_find(&t, v6);
}

/* Takes the reply key, or takes it over from a flow that is gone. 0 when it is ours now. */
static __always_inline int reply_claim(const struct work *w, __u32 number, const struct config *c, bool translated,
				       const bool v6)
{
	struct flow4 value = {.client_port = w->source_port, .reply_member = number};
	struct flow4 *other, *forward;
	struct tuple t;

	value.client = w->source.v4;
	reply_tuple(&t, w);
	if (!flow_put(&t, &value, &w->source, BPF_NOEXIST, v6))
		return 0;
	other = flow_find(&t, v6);
	if (!other)
		return -1;
	forward = forward_of(other, w, v6);
	if (forward && forward->member == other->reply_member && flow_alive(forward, c) &&
	    (!translated || forward->nat_port == t.destination_port) &&
	    flow_state_of(forward) != FLOW_CLOSED)
		return -1;
	return flow_put(&t, &value, &w->source, BPF_ANY, v6);
}

__noinline int reply_claim4(struct work *w, __u32 number)
{
	struct config *c = config_of();
	return w && c ? reply_claim(w, number, c, false, false) : -1;
}

__noinline int reply_claim6(struct work *w, __u32 number)
{
	struct config *c = config_of();
	return w && c ? reply_claim(w, number, c, false, true) : -1;
}

/* nat: only the destination changes. Where another listener shares the endpoint, the reply needs its own entry. */
static __always_inline int nat_plain(struct work *w, const struct member *m, __u32 number, const bool v6)
{
	copy_address(&w->new_source, &w->source);
	w->new_source_port = w->source_port;
	if (!(m->flags & MEMBER_SHARED))
		return 0;
	return (v6 ? reply_claim6(w, number) : reply_claim4(w, number)) ? COUNT_DROP_NAT_COLLISION : 0;
}

/* onearm, fullnat: an address of ours and a port of this CPU's own range, so two CPUs never want the same one. SCTP keeps
 * its port, as its CRC32c covers the ports. One try: 0 when taken, 1 to go on, else a negative enum count. */
static __always_inline int nat_try(struct work *w, __u32 number, const bool v6)
{
	__u32 zero = 0, cpu = bpf_get_smp_processor_id(), row, at, span;
	__u32 *cursor = bpf_map_lookup_elem(&nat_cursor, &zero);
	struct config *c = config_of();
	struct listener *l = listener_of(w->listener);
	union address *source;

	if (!cursor || !c || !l || !l->source_count || !c->nat_cpus)
		return -COUNT_DROP_NO_PORT;
	span = c->nat_port_span;
	if (!span)
		return -COUNT_DROP_NO_PORT;
	if (w->source_row >= l->source_count)
		w->source_row = 0;
	row = l->source_first + w->source_row;
	source = bpf_map_lookup_elem(&sources, &row);
	if (!source)
		return -COUNT_DROP_INTERNAL;
	copy_address(&w->new_source, source);
	if (w->protocol == PROTO_SCTP) {
		w->new_source_port = w->source_port;
	} else {
		at = *cursor + 1;
		if (at >= span)
			at = 0;
		*cursor = at;
		w->new_source_port = bpf_htons(c->nat_port_from + (cpu % c->nat_cpus) * span + at);
	}
	/* Inline: kernels before 6.8 round each frame up to 32 bytes, and one more of them passes their 512. */
	if (!reply_claim(w, number, c, true, v6))
		return 0;
	w->source_row++;
	return 1;
}

__noinline int nat_try4(struct work *w, __u32 number)
{
	return w ? nat_try(w, number, false) : -COUNT_DROP_INTERNAL;
}

__noinline int nat_try6(struct work *w, __u32 number)
{
	return w ? nat_try(w, number, true) : -COUNT_DROP_INTERNAL;
}

/* 0, or the reason to refuse. A function of its own, so that its loop is walked once. */
static __always_inline int nat_begin(struct work *w, __u32 number, const bool v6)
{
	struct listener *l = listener_of(w->listener);
	struct member *m = member_of(number);
	int answer = 1;

	if (!l || !m)
		return COUNT_DROP_INTERNAL;
	w->source_row = 0;
	if (l->mode == MODE_NAT)
		return nat_plain(w, m, number, v6);
	w->source_row = (__u32)(((__u64)w->entropy * l->source_count) >> 32);
	for (int i = 0; i < NAT_TRIES; i++) {
		answer = v6 ? nat_try6(w, number) : nat_try4(w, number);
		if (answer <= 0)
			return -answer;
	}
	return COUNT_DROP_NO_PORT;
}

__noinline int nat_begin4(struct work *w, __u32 number)
{
	return w ? nat_begin(w, number, false) : COUNT_DROP_INTERNAL;
}

__noinline int nat_begin6(struct work *w, __u32 number)
{
	return w ? nat_begin(w, number, true) : COUNT_DROP_INTERNAL;
}
