// ARP over Ethernet (RFC 826): probes that ask whether an address is taken, and announcements that say it is ours (RFC 5227).
import { fromBytes, toBytes } from '../lib/ip.ts';

export const ETHERTYPE_ARP = 0x0806;
/** Ethernet header (14) and an ARP packet for IPv4 (28). */
export const ARP_FRAME_SIZE = 42;
const BROADCAST = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
const REQUEST = 1;
const REPLY = 2;

export interface ArpPacket {
  readonly operation: 'request' | 'reply';
  readonly senderMac: Uint8Array;
  readonly senderAddress: string;
  readonly targetMac: Uint8Array;
  readonly targetAddress: string;
}

/** Asks "who has", with no sender address, so that no neighbour learns anything wrong from it (RFC 5227 section 2.1.1). */
export function arpProbe(mac: Uint8Array, address: string): Uint8Array {
  return arpFrame(REQUEST, mac, '0.0.0.0', new Uint8Array(6), address);
}

/**
 * A gratuitous ARP. As a request most neighbours refresh what they have; some switches and firewalls only heed replies, so
 * both forms are sent on gain.
 */
export function arpAnnouncement(mac: Uint8Array, address: string, form: 'request' | 'reply'): Uint8Array {
  return form === 'request'
    ? arpFrame(REQUEST, mac, address, new Uint8Array(6), address)
    : arpFrame(REPLY, mac, address, BROADCAST, address);
}

/** Undefined for what is no ARP for IPv4 over Ethernet. */
export function readArp(frame: Uint8Array): ArpPacket | undefined {
  if (frame.length < ARP_FRAME_SIZE) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(12) !== ETHERTYPE_ARP) return undefined;
  if (view.getUint16(14) !== 1 || view.getUint16(16) !== 0x0800) return undefined;
  if (frame[18] !== 6 || frame[19] !== 4) return undefined;
  const operation = view.getUint16(20);
  if (operation !== REQUEST && operation !== REPLY) return undefined;
  return {
    operation: operation === REQUEST ? 'request' : 'reply',
    senderMac: frame.slice(22, 28),
    senderAddress: fromBytes(frame.slice(28, 32)),
    targetMac: frame.slice(32, 38),
    targetAddress: fromBytes(frame.slice(38, 42)),
  };
}

/**
 * Whether this packet says somebody else has, or is just probing for, the address (RFC 5227 section 2.1.1). Our own frames
 * come back on some bridges and are told by their hardware address.
 */
export function isArpConflict(packet: ArpPacket, address: string, ourMac: Uint8Array): boolean {
  if (Buffer.compare(packet.senderMac, ourMac) === 0) return false;
  if (packet.senderAddress === address) return true;
  return (
    packet.operation === 'request' && packet.senderAddress === '0.0.0.0' && packet.targetAddress === address
  );
}

function arpFrame(
  operation: number,
  senderMac: Uint8Array,
  senderAddress: string,
  targetMac: Uint8Array,
  targetAddress: string,
): Uint8Array {
  const frame = new Uint8Array(ARP_FRAME_SIZE);
  const view = new DataView(frame.buffer);
  frame.set(BROADCAST, 0);
  frame.set(senderMac, 6);
  view.setUint16(12, ETHERTYPE_ARP);
  view.setUint16(14, 1);
  view.setUint16(16, 0x0800);
  frame[18] = 6;
  frame[19] = 4;
  view.setUint16(20, operation);
  frame.set(senderMac, 22);
  frame.set(toBytes(senderAddress), 28);
  frame.set(targetMac, 32);
  frame.set(toBytes(targetAddress), 38);
  return frame;
}
