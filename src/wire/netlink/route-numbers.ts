// The numbers of rtnetlink that we use, mirrored from linux/rtnetlink.h, linux/if_link.h, linux/if_addr.h and others.

/** RTM_* */
export const ROUTE_MESSAGE = {
  newLink: 16,
  delLink: 17,
  getLink: 18,
  setLink: 19,
  newAddress: 20,
  delAddress: 21,
  getAddress: 22,
  newRoute: 24,
  delRoute: 25,
  getRoute: 26,
  newNeighbour: 28,
  delNeighbour: 29,
  getNeighbour: 30,
} as const;

/** RTNLGRP_*, as numbers for NETLINK_ADD_MEMBERSHIP. */
export const ROUTE_GROUP = {
  link: 1,
  neighbour: 3,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv6Address: 9,
  ipv6Route: 11,
} as const;

/** IFLA_* */
export const LINK_ATTR = {
  address: 1,
  broadcast: 2,
  name: 3,
  mtu: 4,
  link: 5,
  master: 10,
  operState: 16,
  info: 18,
  linkNamespace: 37,
} as const;
/** IFLA_INFO_* */
export const LINK_INFO = { kind: 1, data: 2 } as const;
/** IFLA_VLAN_* */
export const VLAN_ATTR = { id: 1, protocol: 5 } as const;

/** IFF_* */
export const LINK_FLAG = {
  up: 0x1,
  broadcast: 0x2,
  loopback: 0x8,
  noArp: 0x80,
  running: 0x40,
  multicast: 0x1000,
} as const;

/** IFA_* */
export const ADDRESS_ATTR = {
  address: 1,
  local: 2,
  label: 3,
  broadcast: 4,
  cacheInfo: 6,
  flags: 8,
  metric: 9,
  protocol: 11,
} as const;

/** IFA_F_* */
export const ADDRESS_FLAG = {
  secondary: 0x01,
  noDad: 0x02,
  optimistic: 0x04,
  dadFailed: 0x08,
  deprecated: 0x20,
  tentative: 0x40,
  permanent: 0x80,
  noPrefixRoute: 0x200,
} as const;

/** RTA_* */
export const ROUTE_ATTR = {
  destination: 1,
  input: 3,
  output: 4,
  gateway: 5,
  priority: 6,
  preferredSource: 7,
  table: 15,
} as const;

/** RTN_* */
export const ROUTE_TYPE = { unicast: 1, local: 2, blackhole: 6 } as const;
/** RT_TABLE_* */
export const ROUTE_TABLE = { main: 254, local: 255 } as const;

/** NDA_* */
export const NEIGHBOUR_ATTR = { destination: 1, linkAddress: 2 } as const;
/** NUD_* */
export const NEIGHBOUR_STATE = {
  incomplete: 0x01,
  reachable: 0x02,
  stale: 0x04,
  delay: 0x08,
  probe: 0x10,
  failed: 0x20,
  noArp: 0x40,
  permanent: 0x80,
} as const;

/** Protocol mark of addresses and routes we make (IFA_PROTO, rtm_protocol): ASCII "L". Not in the kernel's list of names. */
export const OUR_PROTOCOL = 0x4c;
