// The small world of the packet tests: addresses of both families, and one packet of each protocol.
import type { Hop } from '../../src/drivers/xdp/rows.ts';
import { type Bytes, ethernet, FLAG, type Ip, ip, type Link, sctp, tcp, type Upper, udp } from './packet.ts';
import { MAC } from './rig.ts';

export type Family = 4 | 6;
export const FAMILIES = [4, 6] as const;
export const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export const CLIENT = { 4: '198.51.100.7', 6: '2001:db8:c::7' } as const;
export const VIP = { 4: '192.0.2.10', 6: '2001:db8::10' } as const;
export const MEMBER = { 4: '10.0.0.1', 6: '2001:db8:a::1' } as const;
export const SOURCE = { 4: '10.0.0.254', 6: '2001:db8:a::fe' } as const;
export const ROUTER = { 4: '203.0.113.1', 6: '2001:db8:e::1' } as const;

export const CLIENT_PORT = 40_000;
export const VIP_PORT = 80;

export const FROM_CLIENT: Link = { from: MAC.client, to: MAC.us };
export const FROM_MEMBER: Link = { from: MAC.member, to: MAC.us };
export const TO_MEMBER: Link = { from: MAC.us, to: MAC.member };
export const TO_CLIENT: Link = { from: MAC.us, to: MAC.client };

export interface Ends {
  readonly from: string;
  readonly to: string;
  readonly fromPort: number;
  readonly toPort: number;
}

export function upper(protocol: Protocol, ends: Ends, flags: number = FLAG.syn): Upper {
  const ports = { from: ends.fromPort, to: ends.toPort };
  if (protocol === 'tcp') return tcp({ ...ports, flags });
  return protocol === 'udp' ? udp(ports) : sctp(ports);
}

/** An IP packet between two ends; `more` goes into the header. */
export function packet(protocol: Protocol, ends: Ends, more: Partial<Ip> = {}, flags?: number): Bytes {
  return ip({ from: ends.from, to: ends.to, ...more }, upper(protocol, ends, flags));
}

/** Client to VIP. */
export function request(family: Family): Ends {
  return { from: CLIENT[family], to: VIP[family], fromPort: CLIENT_PORT, toPort: VIP_PORT };
}

export function turned(ends: Ends): Ends {
  return { from: ends.to, to: ends.from, fromPort: ends.toPort, toPort: ends.fromPort };
}

export function frame(link: Link, bytes: Bytes): Bytes {
  return ethernet(link, bytes);
}

export function hex(bytes: Bytes): string {
  return Buffer.from(bytes).toString('hex');
}

export function hop(values: Partial<Hop> = {}): Hop {
  return { destinationMac: MAC.member, sourceMac: MAC.us, ifindex: 1, vlan: 0, mtu: 1500, ...values };
}
