// The closed word lists of the product, each a readonly tuple so that types, schema and docs share one source.

/** What a listener speaks on the wire. `http` and `https` are terminated by us; the others are balanced as packets or streams. */
export const LISTENER_PROTOCOLS = ['tcp', 'udp', 'sctp', 'http', 'https', 'tls'] as const;
export type ListenerProtocol = (typeof LISTENER_PROTOCOLS)[number];

/** The transport a listener protocol rides on; keys and kernel objects use this one. */
export const TRANSPORTS = ['tcp', 'udp', 'sctp'] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** How packets reach a member, and how replies come back (DESIGN section 5). */
export const MODES = ['dr', 'tunnel', 'nat', 'onearm', 'fullnat', 'proxy'] as const;
export type Mode = (typeof MODES)[number];

/** What does the work. `auto` is resolved to one of the others before the World is built, with its reason kept. */
export const ENGINES = ['auto', 'ipvs', 'xdp', 'haproxy', 'memory'] as const;
export type Engine = (typeof ENGINES)[number];
export type ConcreteEngine = Exclude<Engine, 'auto'>;

/** Every scheduler of the kernel's IPVS. */
export const IPVS_SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
] as const;

/** With those that only a proxy has. */
export const SCHEDULERS = [...IPVS_SCHEDULERS, 'uri', 'header', 'random'] as const;
export type Scheduler = (typeof SCHEDULERS)[number];

/** `port` and `fallback` go with `sh` and `mh`; `one-packet` is for UDP and schedules every datagram afresh. */
export const SCHEDULER_FLAGS = ['port', 'fallback', 'one-packet'] as const;
export type SchedulerFlag = (typeof SCHEDULER_FLAGS)[number];

export const TUNNEL_TYPES = ['ipip', 'gue', 'gre'] as const;
export type TunnelType = (typeof TUNNEL_TYPES)[number];

export const ROLES = ['active', 'standby', 'fault'] as const;
export type Role = (typeof ROLES)[number];

export function transportOf(protocol: ListenerProtocol): Transport {
  return protocol === 'udp' || protocol === 'sctp' ? protocol : 'tcp';
}

/** True for what only a terminating proxy can do. */
export function isLayer7(protocol: ListenerProtocol): boolean {
  return protocol === 'http' || protocol === 'https' || protocol === 'tls';
}
