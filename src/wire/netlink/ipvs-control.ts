// IPVS requests that carry no service of their own (config, info), and the two row readers of its dumps.
import { AttributeReader } from './attribute-reader.ts';
import { GENERIC_HEADER_SIZE } from './family.ts';
import { type IpvsDestinationRow, readDestination } from './ipvs-destination.ts';
import { ATTR, IPVS_VERSION } from './ipvs-numbers.ts';
import { type IpvsServiceRow, readService } from './ipvs-service.ts';
import { FLAG, type NetlinkMessage } from './message.ts';
import type { MessageWriter } from './message-writer.ts';

/** Idle timeouts of tracked connections, for the whole machine. */
export interface IpvsTimeouts {
  readonly tcpSeconds: number;
  readonly tcpFinSeconds: number;
  readonly udpSeconds: number;
}

export interface IpvsInfo {
  /** `1.2.1` */
  readonly version: string;
  readonly connectionTableSize: number;
}

/** Begins an IPVS command; what it acts on is written next. */
export function beginIpvs(
  writer: MessageWriter,
  family: number,
  command: number,
  sequence: number,
  flags: number = FLAG.request,
): MessageWriter {
  return writer.begin(family, flags, sequence).generic(command, IPVS_VERSION);
}

export function writeTimeouts(writer: MessageWriter, timeouts: IpvsTimeouts): void {
  writer.u32(ATTR.timeoutTcp, timeouts.tcpSeconds);
  writer.u32(ATTR.timeoutTcpFin, timeouts.tcpFinSeconds);
  writer.u32(ATTR.timeoutUdp, timeouts.udpSeconds);
}

export function readTimeouts(message: NetlinkMessage): IpvsTimeouts {
  const reader = new AttributeReader(message.body, GENERIC_HEADER_SIZE);
  let tcpSeconds = 0;
  let tcpFinSeconds = 0;
  let udpSeconds = 0;
  while (reader.next()) {
    if (reader.type === ATTR.timeoutTcp) tcpSeconds = reader.u32();
    else if (reader.type === ATTR.timeoutTcpFin) tcpFinSeconds = reader.u32();
    else if (reader.type === ATTR.timeoutUdp) udpSeconds = reader.u32();
  }
  if (reader.fault !== undefined) throw reader.fault;
  return { tcpSeconds, tcpFinSeconds, udpSeconds };
}

/** IPVS_INFO_ATTR_VERSION is three bytes in one number, IPVS_INFO_ATTR_CONN_TAB_SIZE a count of buckets. */
export function readInfo(message: NetlinkMessage): IpvsInfo {
  const reader = new AttributeReader(message.body, GENERIC_HEADER_SIZE);
  let code = 0;
  let connectionTableSize = 0;
  while (reader.next()) {
    if (reader.type === 1) code = reader.u32();
    else if (reader.type === 2) connectionTableSize = reader.u32();
  }
  if (reader.fault !== undefined) throw reader.fault;
  return { version: `${code >> 16}.${(code >> 8) & 0xff}.${code & 0xff}`, connectionTableSize };
}

/** One row of an IPVS_CMD_GET_SERVICE dump. */
export function readServiceMessage(message: NetlinkMessage, withStats: boolean): IpvsServiceRow {
  return readRow(message, ATTR.service, (reader) => readService(reader, withStats));
}

/** One row of an IPVS_CMD_GET_DEST dump. */
export function readDestinationMessage(message: NetlinkMessage, withStats: boolean): IpvsDestinationRow {
  return readRow(message, ATTR.dest, (reader) => readDestination(reader, withStats));
}

function readRow<Row>(message: NetlinkMessage, wanted: number, read: (inside: AttributeReader) => Row): Row {
  const outer = new AttributeReader(message.body, GENERIC_HEADER_SIZE);
  let row: Row | undefined;
  while (outer.next()) if (outer.type === wanted) row = read(outer.nested());
  if (outer.fault !== undefined) throw outer.fault;
  if (row === undefined) throw new RangeError(`Cannot read an IPVS row as attribute ${wanted} is missing`);
  return row;
}
