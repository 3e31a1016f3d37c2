// Routes: `struct rtmsg` and RTA_* attributes. Single next hops only; what we never make ourselves is read as far as that.
import { familyOf, fromBytes, toBytes } from '../../lib/ip.ts';
import { AttributeReader } from './attribute-reader.ts';
import { ADDRESS_FAMILY } from './ipvs-numbers.ts';
import { FLAG, type NetlinkMessage, WireError } from './message.ts';
import type { MessageWriter } from './message-writer.ts';
import { ROUTE_ATTR, ROUTE_MESSAGE } from './route-numbers.ts';

export interface Route {
  readonly family: 4 | 6;
  /** Network address; `0.0.0.0` or `::` with length 0 is the default route. */
  readonly destination: string;
  readonly prefixLength: number;
  readonly table: number;
  /** ROUTE_TYPE.* */
  readonly type: number;
  /** rtm_protocol: who made it. */
  readonly protocol: number;
  readonly scope: number;
  /** 0 is none. */
  readonly linkIndex: number;
  /** Empty is none. */
  readonly gateway: string;
  readonly preferredSource: string;
  readonly priority: number;
}

/** `struct rtmsg`: family, dst_len, src_len, tos, table, protocol, scope, type, flags */
const ROUTE_HEADER_SIZE = 12;

export function writeDumpRoutes(writer: MessageWriter, sequence: number): void {
  writer
    .begin(ROUTE_MESSAGE.getRoute, FLAG.request | FLAG.dump, sequence)
    .fixed(new Uint8Array(ROUTE_HEADER_SIZE));
}

export function writeAddRoute(writer: MessageWriter, sequence: number, route: Route): void {
  writer.begin(ROUTE_MESSAGE.newRoute, FLAG.request | FLAG.ack | FLAG.create | FLAG.replace, sequence);
  writeRouteBody(writer, route);
}

export function writeDeleteRoute(writer: MessageWriter, sequence: number, route: Route): void {
  writer.begin(ROUTE_MESSAGE.delRoute, FLAG.request | FLAG.ack, sequence);
  writeRouteBody(writer, route);
}

function writeRouteBody(writer: MessageWriter, route: Route): void {
  const header = new Uint8Array(ROUTE_HEADER_SIZE);
  header[0] = ADDRESS_FAMILY[route.family];
  header[1] = route.prefixLength;
  header[4] = route.table < 256 ? route.table : 0;
  header[5] = route.protocol;
  header[6] = route.scope;
  header[7] = route.type;
  writer.fixed(header);
  if (route.prefixLength > 0) writer.bytes(ROUTE_ATTR.destination, toBytes(route.destination));
  if (route.gateway !== '') writer.bytes(ROUTE_ATTR.gateway, toBytes(route.gateway));
  if (route.preferredSource !== '') writer.bytes(ROUTE_ATTR.preferredSource, toBytes(route.preferredSource));
  if (route.priority !== 0) writer.u32(ROUTE_ATTR.priority, route.priority);
  if (route.linkIndex !== 0) writer.u32(ROUTE_ATTR.output, route.linkIndex);
  if (route.table >= 256) writer.u32(ROUTE_ATTR.table, route.table);
}

export function readRoute(message: NetlinkMessage): Route {
  const { body } = message;
  if (body.length < ROUTE_HEADER_SIZE)
    throw new WireError(
      `Cannot read a route as it needs ${ROUTE_HEADER_SIZE} bytes: current length is ${body.length}`,
    );
  const family = body[0] === ADDRESS_FAMILY[6] ? 6 : 4;
  let destination = family === 4 ? '0.0.0.0' : '::';
  let table = body[4] ?? 0;
  let linkIndex = 0;
  let gateway = '';
  let preferredSource = '';
  let priority = 0;
  const reader = new AttributeReader(body, ROUTE_HEADER_SIZE);
  while (reader.next()) {
    if (reader.type === ROUTE_ATTR.destination) destination = addressText(reader);
    else if (reader.type === ROUTE_ATTR.output) linkIndex = reader.u32();
    else if (reader.type === ROUTE_ATTR.gateway) gateway = addressText(reader);
    else if (reader.type === ROUTE_ATTR.preferredSource) preferredSource = addressText(reader);
    else if (reader.type === ROUTE_ATTR.priority) priority = reader.u32();
    else if (reader.type === ROUTE_ATTR.table) table = reader.u32();
  }
  if (reader.fault !== undefined) throw reader.fault;
  return {
    family,
    destination,
    prefixLength: body[1] ?? 0,
    table,
    type: body[7] ?? 0,
    protocol: body[5] ?? 0,
    scope: body[6] ?? 0,
    linkIndex,
    gateway,
    preferredSource,
    priority,
  };
}

/** Empty for families other than IPv4 and IPv6 (MPLS routes have 4 byte labels too, but in other message families). */
function addressText(reader: AttributeReader): string {
  const text = reader.length === 4 || reader.length === 16 ? fromBytes(reader.bytes()) : '';
  return familyOf(text) === undefined ? '' : text;
}
