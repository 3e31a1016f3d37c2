// ICMP echo, IPv4 (RFC 792) and IPv6 (RFC 4443): the request out, the reply or the error in.
import type { Family } from '../lib/ip.ts';
import { internetChecksum } from './checksum.ts';

const ECHO_REQUEST = { 4: 8, 6: 128 } as const;
const ECHO_REPLY = { 4: 0, 6: 129 } as const;
const HEADER_BYTES = 8;
const IPV6_HEADER_BYTES = 40;

/** Types that say a packet of ours did not arrive. */
const ERRORS: Readonly<Record<Family, Readonly<Record<number, string>>>> = {
  4: { 3: 'unreachable', 11: 'time exceeded', 12: 'parameter problem' },
  6: { 1: 'unreachable', 2: 'packet too big', 3: 'time exceeded', 4: 'parameter problem' },
};

export interface Echo {
  readonly id: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

export type IcmpAnswer =
  | { readonly kind: 'reply'; readonly echo: Echo }
  /** Quotes the start of our request: its id and sequence, rarely its payload. */
  | { readonly kind: 'error'; readonly what: string; readonly id: number; readonly sequence: number };

/** For IPv6 the kernel fills in the checksum, as it knows the source address. */
export function encodeEchoRequest(family: Family, echo: Echo): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + echo.payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = ECHO_REQUEST[family];
  view.setUint16(4, echo.id);
  view.setUint16(6, echo.sequence);
  bytes.set(echo.payload, HEADER_BYTES);
  if (family === 4) view.setUint16(2, internetChecksum(bytes));
  return bytes;
}

/** What a raw socket received: with the IP header for IPv4, without for IPv6. Undefined for what is not about echoes. */
export function decodeIcmp(family: Family, packet: Uint8Array): IcmpAnswer | undefined {
  const message = family === 4 ? withoutIpv4Header(packet) : packet;
  if (message === undefined || message.length < HEADER_BYTES) return undefined;
  const type = message[0]!;
  if (type === ECHO_REPLY[family]) return { kind: 'reply', echo: readEcho(message) };
  const what = ERRORS[family][type];
  if (what === undefined) return undefined;
  const quoted = message.subarray(HEADER_BYTES);
  const inner = family === 4 ? withoutIpv4Header(quoted) : quoted.subarray(IPV6_HEADER_BYTES);
  if (inner === undefined || inner.length < HEADER_BYTES || inner[0] !== ECHO_REQUEST[family])
    return undefined;
  const { id, sequence } = readEcho(inner);
  return { kind: 'error', what, id, sequence };
}

function readEcho(message: Uint8Array): Echo {
  const view = new DataView(message.buffer, message.byteOffset, message.length);
  return { id: view.getUint16(4), sequence: view.getUint16(6), payload: message.subarray(HEADER_BYTES) };
}

function withoutIpv4Header(packet: Uint8Array): Uint8Array | undefined {
  if (packet.length < 20 || packet[0]! >> 4 !== 4) return undefined;
  const headerBytes = (packet[0]! & 0x0f) * 4;
  return headerBytes < 20 ? undefined : packet.subarray(headerBytes);
}
