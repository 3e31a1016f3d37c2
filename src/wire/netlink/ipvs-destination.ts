// One IPVS destination (a member's row in a service), to and from IPVS_CMD_ATTR_DEST.
import { familyOf, toBytes } from '../../lib/ip.ts';
import type { AttributeReader } from './attribute-reader.ts';
import { ADDRESS_FAMILY, ATTR, DEST_ATTR, FORWARDING_MASK } from './ipvs-numbers.ts';
import { addressOf } from './ipvs-service.ts';
import { type IpvsStats, NO_STATS, readStats } from './ipvs-stats.ts';
import type { MessageWriter } from './message-writer.ts';

export interface IpvsDestination {
  readonly address: string;
  readonly port: number;
  /** FORWARDING.* */
  readonly forwarding: number;
  readonly weight: number;
  /** No new connection above this many; 0 is unlimited. */
  readonly upper: number;
  readonly lower: number;
  /** TUNNEL_TYPE.*; 0 where the forwarding is no tunnel. */
  readonly tunnelType: number;
  readonly tunnelPort: number;
  /** TUNNEL_FLAG.* */
  readonly tunnelFlags: number;
}

export interface IpvsDestinationRow extends IpvsDestination {
  readonly active: number;
  readonly inactive: number;
  readonly persistent: number;
  readonly stats: IpvsStats;
}

const V6_FAMILY = ADDRESS_FAMILY[6];

/** Enough to name it: delete. */
export function writeDestinationKey(
  writer: MessageWriter,
  destination: Pick<IpvsDestination, 'address' | 'port'>,
): void {
  const mark = writer.beginNested(ATTR.dest);
  writeKeyAttributes(writer, destination);
  writer.endNested(mark);
}

export function writeDestination(writer: MessageWriter, destination: IpvsDestination): void {
  const mark = writer.beginNested(ATTR.dest);
  writeKeyAttributes(writer, destination);
  writer.u32(DEST_ATTR.forwarding, destination.forwarding);
  writer.u32(DEST_ATTR.weight, destination.weight);
  writer.u8(DEST_ATTR.tunnelType, destination.tunnelType);
  writer.be16(DEST_ATTR.tunnelPort, destination.tunnelPort);
  writer.u16(DEST_ATTR.tunnelFlags, destination.tunnelFlags);
  writer.u32(DEST_ATTR.upper, destination.upper);
  writer.u32(DEST_ATTR.lower, destination.lower);
  writer.endNested(mark);
}

function writeKeyAttributes(
  writer: MessageWriter,
  destination: Pick<IpvsDestination, 'address' | 'port'>,
): void {
  const family = familyOf(destination.address) ?? 4;
  writer.u16(DEST_ATTR.family, ADDRESS_FAMILY[family]);
  writer.bytes(DEST_ATTR.address, toBytes(destination.address), 16);
  writer.be16(DEST_ATTR.port, destination.port);
}

/** Reads the inside of IPVS_CMD_ATTR_DEST. */
export function readDestination(reader: AttributeReader, withStats: boolean): IpvsDestinationRow {
  let family: 4 | 6 = 4;
  let rawAddress: Uint8Array = new Uint8Array(16);
  let port = 0;
  let forwarding = 0;
  let weight = 0;
  let upper = 0;
  let lower = 0;
  let tunnelType = 0;
  let tunnelPort = 0;
  let tunnelFlags = 0;
  let active = 0;
  let inactive = 0;
  let persistent = 0;
  let stats = NO_STATS;
  while (reader.next()) {
    switch (reader.type) {
      case DEST_ATTR.address:
        rawAddress = reader.bytes();
        break;
      case DEST_ATTR.port:
        port = reader.be16();
        break;
      case DEST_ATTR.forwarding:
        forwarding = reader.u32() & FORWARDING_MASK;
        break;
      case DEST_ATTR.weight:
        weight = reader.u32();
        break;
      case DEST_ATTR.upper:
        upper = reader.u32();
        break;
      case DEST_ATTR.lower:
        lower = reader.u32();
        break;
      case DEST_ATTR.active:
        active = reader.u32();
        break;
      case DEST_ATTR.inactive:
        inactive = reader.u32();
        break;
      case DEST_ATTR.persistent:
        persistent = reader.u32();
        break;
      case DEST_ATTR.family:
        family = reader.u16() === V6_FAMILY ? 6 : 4;
        break;
      case DEST_ATTR.tunnelType:
        tunnelType = reader.u8();
        break;
      case DEST_ATTR.tunnelPort:
        tunnelPort = reader.be16();
        break;
      case DEST_ATTR.tunnelFlags:
        tunnelFlags = reader.u16();
        break;
      case DEST_ATTR.stats64:
        if (withStats) stats = readStats(reader.nested());
        break;
    }
  }
  return {
    address: addressOf(family, rawAddress),
    port,
    forwarding,
    weight,
    upper,
    lower,
    tunnelType,
    tunnelPort,
    tunnelFlags,
    active,
    inactive,
    persistent,
    stats,
  };
}
