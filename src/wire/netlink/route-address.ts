// IP addresses of interfaces: `struct ifaddrmsg` and IFA_* attributes.
import { familyOf, fromBytes, toBytes } from '../../lib/ip.ts';
import { AttributeReader } from './attribute-reader.ts';
import { ADDRESS_FAMILY } from './ipvs-numbers.ts';
import { FLAG, type NetlinkMessage, WireError } from './message.ts';
import type { MessageWriter } from './message-writer.ts';
import { ADDRESS_ATTR, ROUTE_MESSAGE } from './route-numbers.ts';

export interface InterfaceAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly linkIndex: number;
  /** IFA_F_* bits. */
  readonly flags: number;
  /** IFA_PROTO: who made it; 0 where nobody said or the kernel is older than 5.18. */
  readonly protocol: number;
  /** IPv4 alias name; empty where there is none. */
  readonly label: string;
  /** IFA_CACHEINFO: how long new connections may still start from it; 0 is never, absent is for ever. */
  readonly preferredSeconds?: number;
}

/** `struct ifaddrmsg`: family, prefix length, flags, scope, index */
const ADDRESS_HEADER_SIZE = 8;
const SCOPE_UNIVERSE = 0;
/** `struct ifa_cacheinfo`: preferred, valid, created, updated */
const CACHE_INFO_SIZE = 16;
const FOREVER = 0xffff_ffff;

export function writeDumpAddresses(writer: MessageWriter, sequence: number): void {
  writer
    .begin(ROUTE_MESSAGE.getAddress, FLAG.request | FLAG.dump, sequence)
    .fixed(new Uint8Array(ADDRESS_HEADER_SIZE));
}

export function writeAddAddress(
  writer: MessageWriter,
  sequence: number,
  address: InterfaceAddress,
  how: 'create' | 'replace',
): void {
  const flags = FLAG.request | FLAG.ack | FLAG.create | (how === 'create' ? FLAG.exclusive : FLAG.replace);
  writer.begin(ROUTE_MESSAGE.newAddress, flags, sequence);
  writeAddressBody(writer, address, address.flags);
  if (address.preferredSeconds !== undefined)
    writer.bytes(ADDRESS_ATTR.cacheInfo, cacheInfo(address.preferredSeconds));
  if (address.protocol !== 0) writer.u8(ADDRESS_ATTR.protocol, address.protocol);
}

export function writeDeleteAddress(writer: MessageWriter, sequence: number, address: InterfaceAddress): void {
  writer.begin(ROUTE_MESSAGE.delAddress, FLAG.request | FLAG.ack, sequence);
  writeAddressBody(writer, address, 0);
}

function writeAddressBody(writer: MessageWriter, address: InterfaceAddress, flags: number): void {
  const family = familyOf(address.address) ?? 4;
  const header = new Uint8Array(ADDRESS_HEADER_SIZE);
  header[0] = ADDRESS_FAMILY[family];
  header[1] = address.prefixLength;
  header[3] = SCOPE_UNIVERSE;
  new DataView(header.buffer).setUint32(4, address.linkIndex, true);
  const bytes = toBytes(address.address);
  writer.fixed(header).bytes(ADDRESS_ATTR.local, bytes);
  if (flags !== 0) writer.u32(ADDRESS_ATTR.flags, flags);
  writer.bytes(ADDRESS_ATTR.address, bytes);
}

function cacheInfo(preferredSeconds: number): Uint8Array {
  const bytes = new Uint8Array(CACHE_INFO_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, preferredSeconds, true);
  view.setUint32(4, FOREVER, true);
  return bytes;
}

function preferredOf(bytes: Uint8Array): number | undefined {
  if (bytes.length < CACHE_INFO_SIZE)
    throw new WireError(
      `Cannot read an address as IFA_CACHEINFO needs ${CACHE_INFO_SIZE} bytes: current length is ${bytes.length}`,
    );
  const seconds = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  return seconds === FOREVER ? undefined : seconds;
}

export function readAddress(message: NetlinkMessage): InterfaceAddress {
  const { body } = message;
  if (body.length < ADDRESS_HEADER_SIZE)
    throw new WireError(
      `Cannot read an address as it needs ${ADDRESS_HEADER_SIZE} bytes: current length is ${body.length}`,
    );
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let flags = body[2] ?? 0;
  let protocol = 0;
  let label = '';
  let preferredSeconds: number | undefined;
  let local: Uint8Array | undefined;
  let peer: Uint8Array | undefined;
  const reader = new AttributeReader(body, ADDRESS_HEADER_SIZE);
  while (reader.next()) {
    if (reader.type === ADDRESS_ATTR.local) local = reader.bytes();
    else if (reader.type === ADDRESS_ATTR.address) peer = reader.bytes();
    // The u8 in the header is too small for newer flags; the attribute has them all.
    else if (reader.type === ADDRESS_ATTR.flags) flags = reader.u32();
    else if (reader.type === ADDRESS_ATTR.protocol) protocol = reader.u8();
    else if (reader.type === ADDRESS_ATTR.label) label = reader.text();
    else if (reader.type === ADDRESS_ATTR.cacheInfo) preferredSeconds = preferredOf(reader.bytes());
  }
  if (reader.fault !== undefined) throw reader.fault;
  // IPv6 gives IFA_ADDRESS only; on IPv4 point-to-point links IFA_ADDRESS is the other end.
  const bytes = local ?? peer;
  if (bytes === undefined)
    throw new WireError('Cannot read an address as IFA_LOCAL and IFA_ADDRESS are missing');
  return {
    address: fromBytes(bytes),
    prefixLength: body[1] ?? 0,
    linkIndex: view.getUint32(4, true),
    flags,
    protocol,
    label,
    ...(preferredSeconds === undefined ? {} : { preferredSeconds }),
  };
}
