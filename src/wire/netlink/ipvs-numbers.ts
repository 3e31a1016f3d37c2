// The numbers of IPVS's generic netlink family, mirrored from linux/ip_vs.h.

export const IPVS_FAMILY = 'IPVS';
export const IPVS_VERSION = 1;

/** IPVS_CMD_* */
export const COMMAND = {
  newService: 1,
  setService: 2,
  delService: 3,
  getService: 4,
  newDest: 5,
  setDest: 6,
  delDest: 7,
  getDest: 8,
  newDaemon: 9,
  delDaemon: 10,
  getDaemon: 11,
  setConfig: 12,
  getConfig: 13,
  setInfo: 14,
  getInfo: 15,
  zero: 16,
  flush: 17,
} as const;

/** IPVS_CMD_ATTR_* */
export const ATTR = {
  service: 1,
  dest: 2,
  daemon: 3,
  timeoutTcp: 4,
  timeoutTcpFin: 5,
  timeoutUdp: 6,
} as const;

/** IPVS_SVC_ATTR_* */
export const SERVICE_ATTR = {
  family: 1,
  protocol: 2,
  address: 3,
  port: 4,
  mark: 5,
  scheduler: 6,
  flags: 7,
  timeout: 8,
  netmask: 9,
  stats: 10,
  engine: 11,
  stats64: 12,
} as const;

/** IPVS_DEST_ATTR_* */
export const DEST_ATTR = {
  address: 1,
  port: 2,
  forwarding: 3,
  weight: 4,
  upper: 5,
  lower: 6,
  active: 7,
  inactive: 8,
  persistent: 9,
  stats: 10,
  family: 11,
  stats64: 12,
  tunnelType: 13,
  tunnelPort: 14,
  tunnelFlags: 15,
} as const;

/** IPVS_DAEMON_ATTR_* */
export const DAEMON_ATTR = {
  state: 1,
  interface: 2,
  syncId: 3,
  maxBytes: 4,
  group: 5,
  group6: 6,
  port: 7,
  ttl: 8,
} as const;

/** IPVS_STATS_ATTR_* */
export const STATS_ATTR = {
  connections: 1,
  packetsIn: 2,
  packetsOut: 3,
  bytesIn: 4,
  bytesOut: 5,
  connectionRate: 6,
  packetRateIn: 7,
  packetRateOut: 8,
  byteRateIn: 9,
  byteRateOut: 10,
} as const;

/** IP_VS_SVC_F_*; the scheduler flags mean fallback and port for both `sh` and `mh`. */
export const SERVICE_FLAG = {
  persistent: 0x1,
  hashed: 0x2,
  onePacket: 0x4,
  fallback: 0x8,
  port: 0x10,
  third: 0x20,
} as const;

/** IP_VS_CONN_F_*: how packets reach a destination. */
export const FORWARDING = { nat: 0, local: 1, tunnel: 2, dr: 3, bypass: 4 } as const;
export const FORWARDING_MASK = 7;

/** IP_VS_CONN_F_TUNNEL_TYPE_* */
export const TUNNEL_TYPE = { ipip: 0, gue: 1, gre: 2 } as const;

/** IP_VS_TUNNEL_ENCAP_FLAG_* */
export const TUNNEL_FLAG = { none: 0, full: 1, remote: 2 } as const;

/** AF_INET, AF_INET6 */
export const ADDRESS_FAMILY = { 4: 2, 6: 10 } as const;

/** IPPROTO_* */
export const PROTOCOL = { tcp: 6, udp: 17, sctp: 132 } as const;
