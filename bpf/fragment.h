/* Fragments. The first one has ports and is handled like any packet; it leaves a note for those that follow. A later one
 * that overtakes its first one is dropped and counted: the sender's retransmission repairs it. */
#pragma once

#include "encap.h"
#include "peer.h"
#include "table.h"
#include "translate.h"

/* As long as Linux keeps an incomplete datagram (ipfrag_time), in ticks of 4 s. */
#define FRAGMENT_TICKS 8

static __always_inline void fragment_key_of(struct fragment_key *key, const struct work *w)
{
	copy_address(&key->source, &w->source);
	copy_address(&key->destination, &w->destination);
	key->id = w->fragment_id;
	key->protocol = w->protocol;
	key->family = w->v6;
	key->zero = 0;
}

static __always_inline void fragment_note(const struct work *w, __u32 mode, __u32 member)
{
	struct config *c = config_of();
	struct fragment_key key = {};
	struct fragment note = {};

	if (!c)
		return;
	fragment_key_of(&key, w);
	copy_address(&note.new_source, &w->new_source);
	copy_address(&note.new_destination, &w->new_destination);
	note.member = member;
	note.peer = w->peer;
	note.mode = mode;
	note.stamp = tick_now(c);
	bpf_map_update_elem(&fragments, &key, &note, BPF_ANY);
}

__noinline int fragment_first(struct work *w, __u32 mode, __u32 member)
{
	if (w)
		fragment_note(w, mode, member);
	return 0;
}

static __always_inline void fragment_remember(struct work *w, __u32 mode, __u32 member, const bool v6)
{
	(void)v6;
	fragment_first(w, mode, member);
}
