/* Flow entries: keys, time, TCP states. IPv6 entries begin like IPv4 ones, so one pointer type serves both. */
#pragma once

#include "clock.h"
#include "packet.h"

/* One tuple type for both families: the key of `flows6`, of which IPv4 uses the first word of each address. */
struct tuple {
	union address source;
	union address destination;
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 direction;
	__u16 zero;
};
_Static_assert(sizeof(struct tuple) == sizeof(struct flow6_key), "a tuple is a flow6 key");

static __always_inline void key4_of(struct flow4_key *key, const struct tuple *t)
{
	key->half[0] = joined(t->source.v4, t->destination.v4);
	key->half[1] = joined(joined_ports(t->source_port, t->destination_port),
			      joined_bytes(t->protocol, t->direction, 0));
}

static __always_inline struct flow4 *flow_find(const struct tuple *t, const bool v6)
{
	if (v6) {
		return bpf_map_lookup_elem(&flows6, t);
	} else {
		struct flow4_key key;
		key4_of(&key, t);
		return bpf_map_lookup_elem(&flows4, &key);
	}
}

/* `client` matters in IPv6 reply entries only. */
static __always_inline int flow_put(const struct tuple *t, const struct flow4 *value, const union address *client,
				    __u64 how, const bool v6)
{
	if (v6) {
		struct flow6 long_value;
		long_value.v4 = *value;
		__builtin_memcpy(long_value.client, client->v6, sizeof(long_value.client));
		return bpf_map_update_elem(&flows6, t, &long_value, how);
	} else {
		struct flow4_key key;
		key4_of(&key, t);
		return bpf_map_update_elem(&flows4, &key, value, how);
	}
}

static __always_inline void flow_delete(const struct tuple *t, const bool v6)
{
	if (v6) {
		bpf_map_delete_elem(&flows6, t);
	} else {
		struct flow4_key key;
		key4_of(&key, t);
		bpf_map_delete_elem(&flows4, &key);
	}
}

static __always_inline __u32 flow_state_of(const struct flow4 *f)
{
	return f->stamp_state & 0xf;
}

static __always_inline __u16 stamp_state(__u32 tick, __u32 state)
{
	return (tick & TICK_MASK) << 4 | state;
}

static __always_inline bool flow_alive_at(const struct flow4 *f, const struct config *c, __u32 now)
{
	__u32 age = (now - (f->stamp_state >> 4)) & TICK_MASK;
	return age <= c->timeout[flow_state_of(f) & (FLOW_STATES - 1)];
}

static __always_inline bool flow_alive(const struct flow4 *f, const struct config *c)
{
	return flow_alive_at(f, c, tick_now(c));
}

static __always_inline bool is_ending(__u32 state)
{
	return state >= FLOW_FIN_CLIENT && state <= FLOW_CLOSED;
}

static __always_inline __u32 first_state(__u8 protocol, bool syn)
{
	if (protocol == IPPROTO_UDP)
		return FLOW_DATAGRAM;
	if (protocol == PROTO_SCTP)
		return FLOW_ASSOCIATION;
	return syn ? FLOW_NEW : FLOW_ESTABLISHED;
}

/* The next TCP state. `sees_replies` is false where members answer clients directly: there an ACK alone proves a
 * connection, and one FIN is all of its end that we see. */
static __always_inline __u32 next_state(__u32 state, __u8 flags, bool from_client, bool sees_replies)
{
	if (state >= FLOW_CLOSED)
		return state;
	if (flags & TCP_RST)
		return FLOW_CLOSED;
	if (flags & TCP_FIN) {
		if (from_client)
			return state == FLOW_FIN_MEMBER ? FLOW_CLOSED : FLOW_FIN_CLIENT;
		return state == FLOW_FIN_CLIENT ? FLOW_CLOSED : FLOW_FIN_MEMBER;
	}
	if (!from_client)
		return state == FLOW_NEW ? FLOW_REPLIED : state;
	if (flags & TCP_SYN)
		return state;
	if (state == FLOW_REPLIED || (state == FLOW_NEW && !sees_replies))
		return FLOW_ESTABLISHED;
	return state;
}

static __always_inline void live_began(__u32 member, __u32 listener)
{
	struct live *live = bpf_map_lookup_elem(&member_live, &member);
	if (live)
		__sync_fetch_and_add(&live->active, 1);
	live = bpf_map_lookup_elem(&listener_live, &listener);
	if (live)
		__sync_fetch_and_add(&live->active, 1);
}

static __always_inline void live_ended_one(struct live *live)
{
	if (live->active)
		__sync_fetch_and_add(&live->active, -1);
	__sync_fetch_and_add(&live->inactive, 1);
}

static __always_inline void live_ended(__u32 member, __u32 listener)
{
	struct live *live = bpf_map_lookup_elem(&member_live, &member);
	if (live)
		live_ended_one(live);
	live = bpf_map_lookup_elem(&listener_live, &listener);
	if (live)
		live_ended_one(live);
}

/* Stores only what differs: an untouched cache line stays shared between cores. */
static __always_inline void flow_touch_at(struct flow4 *f, __u32 now, __u8 flags, bool from_client, bool sees_replies,
					  __u32 listener)
{
	__u32 before = flow_state_of(f), after = before;
	__u16 value;

	if (flags)
		after = next_state(before, flags, from_client, sees_replies);
	value = stamp_state(now, after);
	if (f->stamp_state != value)
		f->stamp_state = value;
	if (is_ending(after) && !is_ending(before))
		live_ended(f->member, listener);
}

static __always_inline void flow_touch(struct flow4 *f, const struct config *c, __u8 flags, bool from_client,
				       bool sees_replies, __u32 listener)
{
	flow_touch_at(f, tick_now(c), flags, from_client, sees_replies, listener);
}
