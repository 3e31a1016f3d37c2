// Neighbour discovery over Ethernet (RFC 4861): the unsolicited advertisement that says an IPv6 address is ours now, and the
// question who has one.
import { toBytes } from '../lib/ip.ts';
import { internetChecksum, ipv6PseudoHeader } from './checksum.ts';

export const ETHERTYPE_IPV6 = 0x86dd;
const NEXT_HEADER_ICMPV6 = 58;
const NEIGHBOUR_SOLICITATION = 135;
export const NEIGHBOUR_ADVERTISEMENT = 136;
/** Override: replace what the cache has. Solicited stays clear as nobody asked. */
const FLAG_OVERRIDE = 0x20;
const FLAG_ROUTER = 0x80;
const OPTION_SOURCE_LINK_ADDRESS = 1;
const OPTION_TARGET_LINK_ADDRESS = 2;
/** ff02::1 and its Ethernet group 33:33:00:00:00:01. */
const ALL_NODES = toBytes('ff02::1');
const ALL_NODES_MAC = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

export interface NeighbourAdvertisement {
  readonly target: Uint8Array;
  readonly flags: number;
  readonly linkAddress: Uint8Array;
}

/** `router` must say whether the host forwards: a wrong bit makes hosts drop their default route (RFC 4861 section 4.4). */
export function neighbourAdvertisement(mac: Uint8Array, address: string, router: boolean): Uint8Array {
  const target = toBytes(address);
  const icmp = new Uint8Array(32);
  icmp[0] = NEIGHBOUR_ADVERTISEMENT;
  icmp[4] = FLAG_OVERRIDE | (router ? FLAG_ROUTER : 0);
  icmp.set(target, 8);
  icmp[24] = OPTION_TARGET_LINK_ADDRESS;
  icmp[25] = 1;
  icmp.set(mac, 26);
  const pseudo = ipv6PseudoHeader(target, ALL_NODES, icmp.length, NEXT_HEADER_ICMPV6);
  new DataView(icmp.buffer).setUint16(2, internetChecksum(pseudo, icmp));

  const frame = new Uint8Array(14 + 40 + icmp.length);
  const view = new DataView(frame.buffer);
  frame.set(ALL_NODES_MAC, 0);
  frame.set(mac, 6);
  view.setUint16(12, ETHERTYPE_IPV6);
  frame[14] = 0x60;
  view.setUint16(18, icmp.length);
  frame[20] = NEXT_HEADER_ICMPV6;
  // Receivers drop anything but 255: proof that it was not routed here.
  frame[21] = 255;
  frame.set(target, 22);
  frame.set(ALL_NODES, 38);
  frame.set(icmp, 54);
  return frame;
}

/** The ICMPv6 message alone: the kernel puts the addresses before it and the checksum in. */
export function neighbourSolicitation(mac: Uint8Array, address: string): Uint8Array {
  const icmp = new Uint8Array(32);
  icmp[0] = NEIGHBOUR_SOLICITATION;
  icmp.set(toBytes(address), 8);
  icmp[24] = OPTION_SOURCE_LINK_ADDRESS;
  icmp[25] = 1;
  icmp.set(mac, 26);
  return icmp;
}

/** Undefined for what is no whole neighbour advertisement with a right checksum. */
export function readNeighbourAdvertisement(frame: Uint8Array): NeighbourAdvertisement | undefined {
  if (frame.length < 54 + 24) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(12) !== ETHERTYPE_IPV6 || frame[20] !== NEXT_HEADER_ICMPV6) return undefined;
  const length = view.getUint16(18);
  if (length < 24 || frame.length < 54 + length) return undefined;
  const icmp = frame.slice(54, 54 + length);
  if (frame[21] !== 255) return undefined;
  const pseudo = ipv6PseudoHeader(frame.slice(22, 38), frame.slice(38, 54), length, NEXT_HEADER_ICMPV6);
  return internetChecksum(pseudo, icmp) === 0 ? readAdvertisement(icmp) : undefined;
}

/** The ICMPv6 message alone, as an ICMPv6 socket gives it. */
export function readAdvertisement(icmp: Uint8Array): NeighbourAdvertisement | undefined {
  if (icmp.length < 24 || icmp[0] !== NEIGHBOUR_ADVERTISEMENT) return undefined;
  const hasOption = icmp.length >= 32 && icmp[24] === OPTION_TARGET_LINK_ADDRESS;
  return {
    target: icmp.slice(8, 24),
    flags: icmp[4]!,
    linkAddress: hasOption ? icmp.slice(26, 32) : new Uint8Array(0),
  };
}
