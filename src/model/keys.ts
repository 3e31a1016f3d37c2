// The text form of every key. One place, so that logs, plans, metrics and goldens name a thing the same way.
import type { Transport } from './protocol.ts';

/** `10.0.0.1:80`, `[2001:db8::1]:80`. */
export function endpointKey(address: string, port: number | string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** `tcp/192.0.2.10:80`, with a range `tcp/192.0.2.10:8000-8100`. */
export function listenerKey(transport: Transport, address: string, from: number, to = from): string {
  return `${transport}/${endpointKey(address, from === to ? from : `${from}-${to}`)}`;
}

/** `mark/7/4`: firewall mark 7, IPv4. */
export function markKey(mark: number, family: 4 | 6): string {
  return `mark/${mark}/${family}`;
}

/** A member inside a listener: `tcp/192.0.2.10:80 > 10.0.0.1:80`. */
export function memberItemKey(listener: string, member: string): string {
  return `${listener} > ${member}`;
}

/** A pool that rules of a listener send to: `tcp/192.0.2.10:80 pool api`. */
export function poolKey(listener: string, pool: string): string {
  return `${listener} pool ${pool}`;
}

/** A member inside a pool, the key of health and overrides: `web/10.0.0.1:80`. */
export function memberKey(pool: string, member: string): string {
  return `${pool}/${member}`;
}

/** `192.0.2.10/32 dev eth0` */
export function addressKey(address: string, prefixLength: number, device: string): string {
  return `${address}/${prefixLength} dev ${device}`;
}
