// Bytes of the flow tables to records and back. Pure; the numbers of a place come from flow-places.ts.
import { fromBytes, toBytes } from '../../../lib/ip.ts';
import type { FlowKey } from '../../../model/flow.ts';
import { FLOW_REPLY, FLOW4, FLOW4_KEY, FLOW4_REPLY, FLOW6, FLOW6_KEY, TICK_MASK } from '../layout.ts';

export type FlowFamily = 4 | 6;

const LAYOUT = { 4: FLOW4_KEY, 6: FLOW6_KEY } as const;
const VALUE_SIZE = { 4: FLOW4.size, 6: FLOW6.size } as const;
const LENGTH = { 4: 4, 6: 16 } as const;

export function familyOfKey(key: FlowKey): FlowFamily {
  return key.client.includes(':') ? 6 : 4;
}

export function readKey(family: FlowFamily, bytes: Uint8Array, at: number): FlowKey {
  const layout = LAYOUT[family];
  const length = LENGTH[family];
  const address = (from: number): string => fromBytes(bytes.slice(at + from, at + from + length));
  const port = (from: number): number => (bytes[at + from]! << 8) | bytes[at + from + 1]!;
  return {
    protocol: bytes[at + layout.protocol]!,
    client: address(layout.source),
    clientPort: port(layout.sourcePort),
    vip: address(layout.destination),
    vipPort: port(layout.destinationPort),
  };
}

export function writeKey(key: FlowKey): Uint8Array {
  return keyBytes(familyOfKey(key), key.protocol, [key.client, key.clientPort], [key.vip, key.vipPort], 0);
}

/** By which a reply is known: from the member's endpoint to where we spoke to it from. */
export function writeReplyKey(
  key: FlowKey,
  member: readonly [address: string, port: number],
  source: readonly [address: string, port: number],
): Uint8Array {
  return keyBytes(familyOfKey(key), key.protocol, member, source, FLOW_REPLY);
}

export interface FlowValue {
  readonly member: number;
  readonly sourcePort: number;
  readonly stamp: number;
  readonly source: number;
}

export function writeValue(key: FlowKey, value: FlowValue): Uint8Array {
  const family = familyOfKey(key);
  const bytes = new Uint8Array(VALUE_SIZE[family]);
  const view = new DataView(bytes.buffer);
  view.setUint16(FLOW4.member, value.member, true);
  view.setUint16(FLOW4.natPort, value.sourcePort);
  view.setUint16(FLOW4.stampState, value.stamp, true);
  bytes[FLOW4.source] = value.source;
  if (family === 6) bytes.set(toBytes(key.client), FLOW6.client);
  return bytes;
}

export function writeReplyValue(key: FlowKey, member: number): Uint8Array {
  const family = familyOfKey(key);
  const bytes = new Uint8Array(VALUE_SIZE[family]);
  const view = new DataView(bytes.buffer);
  bytes.set(toBytes(key.client).subarray(0, 4), FLOW4_REPLY.client);
  view.setUint16(FLOW4_REPLY.clientPort, key.clientPort);
  view.setUint16(FLOW4_REPLY.member, member, true);
  if (family === 6) bytes.set(toBytes(key.client), FLOW6.client);
  return bytes;
}

/** 12 bits of the tick, 4 bits of state; as bpf/table.h's stamp_state(). */
export function stampOf(tick: number, state: number): number {
  return ((tick & TICK_MASK) << 4) | state;
}

/** State, and silence in ticks: a tick is some 4 seconds on every kernel. */
export function flagsOf(stamp: number, tick: number): number {
  return ((((tick - (stamp >> 4)) & TICK_MASK) << 4) | (stamp & 0xf)) & 0xffff;
}

export function stampOfFlags(flags: number, tick: number): number {
  return stampOf(tick - (flags >> 4), flags & 0xf);
}

function keyBytes(
  family: FlowFamily,
  protocol: number,
  from: readonly [address: string, port: number],
  to: readonly [address: string, port: number],
  direction: number,
): Uint8Array {
  const layout = LAYOUT[family];
  const bytes = new Uint8Array(layout.size);
  const view = new DataView(bytes.buffer);
  bytes.set(toBytes(from[0]), layout.source);
  bytes.set(toBytes(to[0]), layout.destination);
  view.setUint16(layout.sourcePort, from[1]);
  view.setUint16(layout.destinationPort, to[1]);
  bytes[layout.protocol] = protocol;
  bytes[layout.direction] = direction;
  return bytes;
}
