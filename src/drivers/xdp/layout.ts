// Offsets and numbers shared with bpf/types.h. A test compares every one with the BTF of the built object.

/** Names the folder of the pins; twin of LAYOUT_VERSION. */
export const LAYOUT_VERSION = 1;

export const HOP = { size: 20, destinationMac: 0, sourceMac: 6, ifindex: 12, vlan: 16, mtu: 18 } as const;

export const LISTENER = {
  size: 128,
  ring: 0,
  base: 8,
  flags: 16,
  mode: 20,
  scheduler: 21,
  transport: 22,
  family: 23,
  port: 24,
  tunnelPort: 26,
  tunnel: 28,
  persistLength4: 29,
  persistLength6: 30,
  sourceCount: 31,
  sourceFirst: 32,
  persistTicks: 36,
  vip: 40,
  lastPinned: 64,
  maxConnections: 68,
  connectionsPerWindow: 72,
  sourcePerWindow: 76,
  portFrom: 80,
  portTo: 82,
  owner: 84,
  persistMs: 88,
  connectionsPerSecond: 92,
  sourcePerSecond: 96,
} as const;

export const MEMBER = {
  size: 64,
  address: 0,
  hop: 16,
  listener: 36,
  port: 40,
  flags: 42,
  weight: 44,
  maxConnections: 48,
  minConnections: 52,
  outerSource: 56,
} as const;

export const CONFIG = {
  size: 128,
  seed: 0,
  tickShift: 16,
  windowShift: 20,
  timeout: 24,
  floodPerWindow: 56,
  recountTick: 60,
  hasNat: 64,
  natPortFrom: 68,
  natPortSpan: 72,
  natCpus: 76,
  tunnelSource4: 80,
  tunnelMask4: 84,
  tunnelSource6: 88,
  own6: 104,
  own4: 120,
  redirects: 124,
} as const;

export const LIVE = { size: 16, active: 0, inactive: 4, full: 8 } as const;
export const MEMBER_COUNT = {
  size: 40,
  packetsIn: 0,
  bytesIn: 8,
  connections: 16,
  packetsOut: 24,
  bytesOut: 32,
} as const;
/** The two MAC addresses stand as in a hop: the peer's, then ours. */
export const PEER_KEY = { size: 20, peerMac: 0, ourMac: 6, ifindex: 12, vlan: 16 } as const;
export const VIP4_KEY = { size: 8, address: 0, port: 4, protocol: 6, kind: 7 } as const;
export const VIP6_KEY = { size: 20, address: 0, port: 16, protocol: 18, kind: 19 } as const;
/** A row of `near_vips4`. */
export const NEAR_VIP = { size: 16, check: 0, value: 8 } as const;
export const FLOW4_KEY = {
  size: 16,
  source: 0,
  destination: 4,
  sourcePort: 8,
  destinationPort: 10,
  protocol: 12,
  direction: 13,
} as const;
export const FLOW6_KEY = {
  size: 40,
  source: 0,
  destination: 16,
  sourcePort: 32,
  destinationPort: 34,
  protocol: 36,
  direction: 37,
} as const;
/** The forward half of the union; in a reply entry `client`, `client_port` and `reply_member` stand there instead. */
export const FLOW4 = { size: 8, member: 0, natPort: 2, stampState: 4, peer: 6, source: 7 } as const;
export const FLOW4_REPLY = { client: 0, clientPort: 4, member: 6 } as const;
export const FLOW6 = { size: 24, client: 8 } as const;
export const ALLOWED_KEY = { size: 24, prefixLength: 0, listener: 4, address: 8 } as const;
export const RING_BLOCK = 64;
export const SOURCE_SIZE = 16;

export const VIP_KIND = { listener: 0, address: 1, member: 2 } as const;
/** Bit of a member endpoint's value: several listeners share it. */
export const VIP_MEMBER_SHARED = 1 << 16;

export const MODES = ['dr', 'tunnel', 'nat', 'onearm', 'fullnat'] as const;
export const TUNNELS = ['ipip', 'gue'] as const;
export const XDP_SCHEDULERS = ['mh', 'sh', 'rr', 'wrr', 'lc', 'wlc'] as const;
export type XdpMode = (typeof MODES)[number];
export type XdpTunnel = (typeof TUNNELS)[number];
export type XdpScheduler = (typeof XDP_SCHEDULERS)[number];

export const LISTENER_FLAG = {
  used: 1,
  state: 2,
  hashPort: 4,
  persist: 8,
  allow: 16,
  reset: 32,
  gueChecksum: 64,
  fallback: 128,
  limited: 256,
  ownSource: 512,
} as const;

export const MEMBER_FLAG = { present: 1, v6: 2, reset: 4, shared: 8 } as const;

export const FLOW_STATES = [
  'new',
  'replied',
  'established',
  'fin-client',
  'fin-member',
  'closed',
  'datagram',
  'association',
] as const;
export type FlowState = (typeof FLOW_STATES)[number];

export const FLOW_REPLY = 1;
export const TICK_MASK = 0xfff;

export const PROTOCOL_NUMBER = { tcp: 6, udp: 17, sctp: 132 } as const;
/** A member number is a 16-bit slot of a ring; 0 means none. */
export const MAX_MEMBER_NUMBER = 65_535;
