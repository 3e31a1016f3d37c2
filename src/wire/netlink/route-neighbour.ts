// The neighbour table (ARP and ND): `struct ndmsg` and NDA_* attributes.
import { fromBytes } from '../../lib/ip.ts';
import { AttributeReader } from './attribute-reader.ts';
import { FLAG, type NetlinkMessage, WireError } from './message.ts';
import type { MessageWriter } from './message-writer.ts';
import { toMac } from './route-link.ts';
import { NEIGHBOUR_ATTR, ROUTE_MESSAGE } from './route-numbers.ts';

export interface Neighbour {
  readonly address: string;
  /** Empty while it is not known. */
  readonly mac: string;
  readonly linkIndex: number;
  /** NEIGHBOUR_STATE bits. */
  readonly state: number;
}

/** `struct ndmsg`: family, pads, ifindex, state, flags, type */
const NEIGHBOUR_HEADER_SIZE = 12;

export function writeDumpNeighbours(writer: MessageWriter, sequence: number): void {
  writer
    .begin(ROUTE_MESSAGE.getNeighbour, FLAG.request | FLAG.dump, sequence)
    .fixed(new Uint8Array(NEIGHBOUR_HEADER_SIZE));
}

/** Undefined for rows without an IP address (bridge forwarding entries). */
export function readNeighbour(message: NetlinkMessage): Neighbour | undefined {
  const { body } = message;
  if (body.length < NEIGHBOUR_HEADER_SIZE)
    throw new WireError(
      `Cannot read a neighbour as it needs ${NEIGHBOUR_HEADER_SIZE} bytes: current length is ${body.length}`,
    );
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let address = '';
  let mac = '';
  const reader = new AttributeReader(body, NEIGHBOUR_HEADER_SIZE);
  while (reader.next()) {
    if (reader.type === NEIGHBOUR_ATTR.destination && (reader.length === 4 || reader.length === 16))
      address = fromBytes(reader.bytes());
    else if (reader.type === NEIGHBOUR_ATTR.linkAddress) mac = toMac(reader.bytes());
  }
  if (reader.fault !== undefined) throw reader.fault;
  return address === ''
    ? undefined
    : { address, mac, linkIndex: view.getInt32(4, true), state: view.getUint16(8, true) };
}
