// One IPVS virtual service as a value, to and from IPVS_CMD_ATTR_SERVICE.
import { fromBytes, toBytes } from '../../lib/ip.ts';
import type { Transport } from '../../model/protocol.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { ADDRESS_FAMILY, ATTR, PROTOCOL, SERVICE_ATTR, SERVICE_FLAG } from './ipvs-numbers.ts';
import { type IpvsStats, NO_STATS, readStats } from './ipvs-stats.ts';
import { WireError } from './message.ts';
import type { MessageWriter } from './message-writer.ts';

/** What makes a service unique in the kernel: address, port and protocol, or a firewall mark. */
export type IpvsServiceKey =
  | {
      readonly kind: 'address';
      readonly family: 4 | 6;
      readonly protocol: Transport;
      readonly address: string;
      readonly port: number;
    }
  | { readonly kind: 'mark'; readonly family: 4 | 6; readonly mark: number };

export interface IpvsService {
  readonly key: IpvsServiceKey;
  readonly scheduler: string;
  /** SERVICE_FLAG bits; `hashed` is the kernel's own and never given. */
  readonly flags: number;
  /** Persistence in seconds; 0 when not persistent. */
  readonly timeoutSeconds: number;
  /** Persistence granularity as a prefix length. */
  readonly granularity: number;
  /** Persistence engine (`sip`), or empty. */
  readonly engine: string;
}

export interface IpvsServiceRow extends IpvsService {
  readonly stats: IpvsStats;
}

/** Flags we may set; the kernel keeps `hashed` for itself. */
const OUR_FLAGS = ~SERVICE_FLAG.hashed >>> 0;
const TRANSPORT_OF: Readonly<Record<number, Transport>> = { 6: 'tcp', 17: 'udp', 132: 'sctp' };
const V6_FAMILY = ADDRESS_FAMILY[6];

/** Enough to name it: delete, zero, list destinations. */
export function writeServiceKey(writer: MessageWriter, key: IpvsServiceKey): void {
  const mark = writer.beginNested(ATTR.service);
  writeKeyAttributes(writer, key);
  writer.endNested(mark);
}

/** All of it: add and change need every field. */
export function writeService(writer: MessageWriter, service: IpvsService): void {
  const mark = writer.beginNested(ATTR.service);
  writeKeyAttributes(writer, service.key);
  writer.text(SERVICE_ATTR.scheduler, service.scheduler);
  // A change without the attribute takes the engine away again.
  if (service.engine !== '') writer.text(SERVICE_ATTR.engine, service.engine);
  writer.bytes(SERVICE_ATTR.flags, flagsAndMask(service.flags & OUR_FLAGS));
  writer.u32(SERVICE_ATTR.timeout, service.timeoutSeconds);
  writer.bytes(SERVICE_ATTR.netmask, netmaskOf(service.key.family, service.granularity));
  writer.endNested(mark);
}

function writeKeyAttributes(writer: MessageWriter, key: IpvsServiceKey): void {
  writer.u16(SERVICE_ATTR.family, ADDRESS_FAMILY[key.family]);
  if (key.kind === 'mark') {
    writer.u32(SERVICE_ATTR.mark, key.mark);
    return;
  }
  writer.u16(SERVICE_ATTR.protocol, PROTOCOL[key.protocol]);
  writer.bytes(SERVICE_ATTR.address, toBytes(key.address), 16);
  writer.be16(SERVICE_ATTR.port, key.port);
}

/** `struct ip_vs_flags`: the bits, and which of them count. */
function flagsAndMask(flags: number): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, flags, true);
  view.setUint32(4, 0xffffffff, true);
  return bytes;
}

/** IPv4 wants a mask in network order, IPv6 a prefix length in host order. */
function netmaskOf(family: 4 | 6, length: number): Uint8Array {
  const bytes = new Uint8Array(4);
  const view = new DataView(bytes.buffer);
  if (family === 6) view.setUint32(0, length, true);
  else view.setUint32(0, length === 0 ? 0 : (0xffffffff << (32 - length)) >>> 0, false);
  return bytes;
}

/** Reads the inside of IPVS_CMD_ATTR_SERVICE. `withStats` is off where only the configuration is compared. */
export function readService(reader: AttributeReader, withStats: boolean): IpvsServiceRow {
  let family: 4 | 6 = 4;
  let protocol = 0;
  let rawAddress: Uint8Array = new Uint8Array(16);
  let port = 0;
  let mark = 0;
  let scheduler = '';
  let engine = '';
  let flags = 0;
  let timeoutSeconds = 0;
  let netmaskHost = 0;
  let netmaskNetwork = 0;
  let stats = NO_STATS;
  while (reader.next()) {
    switch (reader.type) {
      case SERVICE_ATTR.family:
        family = reader.u16() === V6_FAMILY ? 6 : 4;
        break;
      case SERVICE_ATTR.protocol:
        protocol = reader.u16();
        break;
      case SERVICE_ATTR.address:
        rawAddress = reader.bytes();
        break;
      case SERVICE_ATTR.port:
        port = reader.be16();
        break;
      case SERVICE_ATTR.mark:
        mark = reader.u32();
        break;
      case SERVICE_ATTR.scheduler:
        scheduler = reader.text();
        break;
      case SERVICE_ATTR.engine:
        engine = reader.text();
        break;
      case SERVICE_ATTR.flags:
        flags = reader.u32();
        break;
      case SERVICE_ATTR.timeout:
        timeoutSeconds = reader.u32();
        break;
      case SERVICE_ATTR.netmask:
        netmaskHost = reader.u32();
        netmaskNetwork = reader.be32();
        break;
      case SERVICE_ATTR.stats64:
        if (withStats) stats = readStats(reader.nested());
        break;
    }
  }
  const key = mark !== 0 ? markKeyOf(family, mark) : addressKeyOf(family, protocol, rawAddress, port);
  const granularity = family === 6 ? netmaskHost : bitsIn(netmaskNetwork);
  flags &= OUR_FLAGS;
  // What is not persistent has a default timeout of the kernel's that means nothing.
  if ((flags & SERVICE_FLAG.persistent) === 0) timeoutSeconds = 0;
  return { key, scheduler, flags, timeoutSeconds, granularity, engine, stats };
}

function markKeyOf(family: 4 | 6, mark: number): IpvsServiceKey {
  return { kind: 'mark', family, mark };
}

function addressKeyOf(family: 4 | 6, protocol: number, raw: Uint8Array, port: number): IpvsServiceKey {
  const transport = TRANSPORT_OF[protocol];
  if (transport === undefined)
    throw new WireError(
      `Cannot read an IPVS service as its protocol is unknown: current value is ${protocol}`,
    );
  return { kind: 'address', family, protocol: transport, address: addressOf(family, raw), port };
}

/** The kernel gives 16 bytes for any family. */
export function addressOf(family: 4 | 6, raw: Uint8Array): string {
  const size = family === 4 ? 4 : 16;
  if (raw.length < size)
    throw new WireError(
      `Cannot read an IPVS address as it must have ${size} bytes: current length is ${raw.length}`,
    );
  if (size === 4) return `${raw[0]}.${raw[1]}.${raw[2]}.${raw[3]}`;
  return fromBytes(raw.subarray(0, 16));
}

function bitsIn(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest << 1) >>> 0) count += rest >>> 31;
  return count;
}
