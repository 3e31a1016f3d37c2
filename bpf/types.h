/* Shapes shared with user space. Every struct here has a twin in src/drivers/xdp/layout.ts, compared by test with the
 * BTF of the built object, so a change on one side only cannot pass. Multi-byte fields are host order unless __be. */
#pragma once

#include <linux/types.h>
#include <stdbool.h>

/* Bumped when a pinned map changes shape; it names the folder of the pins (docs/protocols/xdp.md, "Upgrade"). */
#define LAYOUT_VERSION 1

/* IPv4 stands in the first word, the rest is zero. Network order. */
union address {
	__be32 v4;
	__be32 v6[4];
	__u64 half[2];
};

/* ---- Where a frame goes next: filled by user space from neighbours and routes, or learnt from a frame. */
struct hop {
	__be16 destination_mac[3]; /* halves of two bytes: as bytes the compiler copies them one by one */
	__be16 source_mac[3];
	__u32 ifindex; /* 0: not known, ask the kernel's FIB */
	__u16 vlan;    /* VLAN id and priority as in the tag; 0: untagged */
	__u16 mtu;     /* of the path; 0: not checked */
};

/* ---- vips4, vips6: what an address and port mean to us. The value is a listener or member number. */
enum vip_kind {
	VIP_LISTENER = 0, /* address:port of a listener */
	VIP_ADDRESS = 1,  /* the address alone (port and protocol 0): answers echo, owns stray fragments */
	VIP_MEMBER = 2,   /* endpoint of a member whose replies pass through us */
};

struct vip4_key {
	union {
		struct {
			__be32 address;
			__be16 port;
			__u8 protocol;
			__u8 kind;
		};
		__u64 whole;
	};
};

struct vip6_key {
	__be32 address[4];
	__be16 port;
	__u8 protocol;
	__u8 kind;
};

/* Bit of a VIP_MEMBER value: several listeners share the endpoint, so replies need their own flow entry. */
#define VIP_MEMBER_SHARED (1u << 16)

enum mode { MODE_DR = 0, MODE_TUNNEL = 1, MODE_NAT = 2, MODE_ONEARM = 3, MODE_FULLNAT = 4 };
enum tunnel { TUNNEL_IPIP = 0, TUNNEL_GUE = 1 };
enum scheduler { SCHED_MH = 0, SCHED_SH = 1, SCHED_RR = 2, SCHED_WRR = 3, SCHED_LC = 4, SCHED_WLC = 5 };

#define LISTENER_USED (1u << 0)
#define LISTENER_STATE (1u << 1)      /* every flow gets an entry */
#define LISTENER_HASH_PORT (1u << 2)  /* the source port takes part in the hash */
#define LISTENER_PERSIST (1u << 3)
#define LISTENER_ALLOW (1u << 4)      /* only sources in `allowed` */
#define LISTENER_RESET (1u << 5)      /* flows of a vanished member are reset, not re-hashed */
#define LISTENER_GUE_CHECKSUM (1u << 6)
#define LISTENER_FALLBACK (1u << 7)   /* a full member's flows go to the next slot instead of being refused */
#define LISTENER_LIMITED (1u << 8)    /* any of the limits below is set */
#define LISTENER_OWN_SOURCE (1u << 9) /* `sources` holds the node's own address, not a configured one */

/* A ring is a run of slots in `rings`: size in the upper half, first slot in the lower. One aligned store flips it. */
struct listener {
	__u64 ring;
	__u64 base; /* the ring as it was when the transition window opened; equal to `ring` outside a window */
	__u32 flags;
	__u8 mode;
	__u8 scheduler;
	__u8 transport;
	__u8 family;
	__be16 port; /* 0: a range, members keep the port they are asked on */
	__be16 tunnel_port;
	__u8 tunnel;
	__u8 persist_length4; /* leading bits of the source that stick together */
	__u8 persist_length6;
	__u8 source_count; /* fullnat and onearm: addresses in `sources` */
	__u32 source_first;
	__u32 persist_ticks;
	union address vip;
	__u32 spare0[2];
	/* second cache line: read for new flows only, except the stamp the program itself writes */
	__u32 last_pinned; /* tick at which a flow pinned off its ring slot was last seen */
	__u32 max_connections;
	__u32 connections_per_window;
	__u32 source_per_window;
	__u16 port_from;
	__u16 port_to;
	/* user space's own: who made the row, and what the fields above were rounded from */
	__u32 owner;
	__u32 persist_ms;
	__u32 connections_per_second;
	__u32 source_per_second;
	__u32 spare[7];
};

#define MEMBER_PRESENT (1u << 0)
#define MEMBER_V6 (1u << 1)
#define MEMBER_RESET (1u << 2)  /* its flows end now */
#define MEMBER_SHARED (1u << 3) /* twin of VIP_MEMBER_SHARED */

struct member {
	union address address;
	struct hop hop;
	__u32 listener;
	__be16 port; /* 0: keep the packet's own */
	__u16 flags;
	__u16 weight;
	__u16 spare;
	__u32 max_connections; /* 0: no limit */
	__u32 min_connections; /* once full, full until below this */
	__be32 outer_source;   /* GUE over IPv4: the node's own address towards it */
	__u32 spare2;
};

/* ---- Live state of members and listeners. Counted here between two recounts of user space (evictions are silent). */
struct live {
	__u32 active;
	__u32 inactive;
	__u32 full; /* reached max_connections and is not yet below min_connections */
	__u32 spare;
};

struct rate {
	__u32 window;
	__u32 count;
};

/* ---- Flows. 16 + 8 bytes for IPv4: 89 bytes of kernel memory an entry. */
#define FLOW_REPLY 1 /* direction: keyed by what a reply looks like */

struct flow4_key {
	union {
		struct {
			__be32 source;
			__be32 destination;
			__be16 source_port;
			__be16 destination_port;
			__u8 protocol;
			__u8 direction;
			__u16 zero;
		};
		__u64 half[2];
	};
};

struct flow4 {
	union {
		struct {
			__u16 member;
			__be16 nat_port;      /* source port we gave it; 0: its own */
			__u16 stamp_state;    /* 12 bits of the tick, 4 bits of flow_state */
			__u8 peer;            /* entry of `peers` towards the client; 0: none */
			__u8 source;          /* which of the listener's `sources` */
		};
		struct {
			__be32 client;
			__be16 client_port;
			__u16 reply_member;
		};
	};
};

struct flow6_key {
	__be32 source[4];
	__be32 destination[4];
	__be16 source_port;
	__be16 destination_port;
	__u8 protocol;
	__u8 direction;
	__u16 zero;
};

struct flow6 {
	struct flow4 v4; /* same meaning; in a reply entry the address of `client` stands below instead */
	__be32 client[4];
};

enum flow_state {
	FLOW_NEW = 0,         /* SYN seen, or a first datagram */
	FLOW_REPLIED = 1,     /* nat: the member answered */
	FLOW_ESTABLISHED = 2,
	FLOW_FIN_CLIENT = 3,
	FLOW_FIN_MEMBER = 4,
	FLOW_CLOSED = 5,      /* both FINs or a RST */
	FLOW_DATAGRAM = 6,    /* UDP */
	FLOW_ASSOCIATION = 7, /* SCTP */
	FLOW_STATES = 8,
};

/* ---- Fragments after the first one carry no ports: what was decided for the first one. */
struct fragment_key {
	union address source;
	union address destination;
	__be32 id;
	__u8 protocol;
	__u8 family;
	__u16 zero;
};

struct fragment {
	union address new_source;
	union address new_destination;
	__u16 member; /* 0: a reply */
	__u8 peer;
	__u8 mode;
	__u32 stamp;
};

struct sticky_key {
	union address source;
	__u32 listener;
	__u32 zero;
};

struct sticky {
	__u32 stamp;
	__u16 member;
	__u16 zero;
};

struct allowed_key {
	__u32 prefix_length; /* 32 bits of listener, then the address */
	__be32 listener;
	__be32 address[4];
};

struct peer_key {
	__be16 peer_mac[3];
	__be16 our_mac[3];
	__u32 ifindex;
	__u32 vlan;
};

struct member_count {
	__u64 packets_in;
	__u64 bytes_in;
	__u64 connections;
	__u64 packets_out;
	__u64 bytes_out;
};

#define RING_BLOCK 64
struct ring_block {
	__u16 slot[RING_BLOCK];
};

/* One element; user space maps it and writes fields in place. */
struct config {
	__u64 seed[2];
	__u32 tick_shift;    /* jiffies >> shift: about 4 s */
	__u32 window_shift;  /* jiffies >> shift: about 1 s */
	__u32 timeout[FLOW_STATES]; /* ticks, by flow_state */
	__u32 flood_per_window; /* new flows per CPU and window that get state; 0: no guard */
	__u32 recount_tick;  /* when user space last corrected the live counts */
	__u32 has_nat;       /* any member whose replies pass through us */
	__u32 nat_port_from;
	__u32 nat_port_span; /* ports of one CPU */
	__u32 nat_cpus;
	__be32 tunnel_source4;
	__u32 tunnel_mask4;  /* host order: bits of the outer source the flow decides */
	__be32 tunnel_source6[4]; /* the flow decides the last 32 bits */
	__be32 own6[4];
	__be32 own4;         /* source of ICMP errors we make; 0: the VIP */
	__u32 redirects; /* never XDP_TX: see leave() */
};
