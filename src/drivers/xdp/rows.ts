// Listener and member rows as values, and their bytes in mapped memory. Words a running program reads on its own are
// written last or with one aligned store.
import { fromBytes, toBytes } from '../../lib/ip.ts';
import {
  HOP,
  LISTENER,
  MEMBER,
  MEMBER_FLAG,
  MODES,
  PROTOCOL_NUMBER,
  TUNNELS,
  XDP_SCHEDULERS,
  type XdpMode,
  type XdpScheduler,
  type XdpTunnel,
} from './layout.ts';

/** A run of slots in the arena. */
export interface RingRun {
  readonly offset: number;
  readonly size: number;
}

export interface ListenerRow {
  readonly ring: RingRun;
  readonly base: RingRun;
  readonly flags: number;
  readonly mode: XdpMode;
  readonly scheduler: XdpScheduler;
  readonly transport: keyof typeof PROTOCOL_NUMBER;
  readonly address: string;
  readonly portFrom: number;
  readonly portTo: number;
  readonly tunnel: XdpTunnel;
  readonly tunnelPort: number;
  readonly persistLength4: number;
  readonly persistLength6: number;
  readonly persistTicks: number;
  readonly sourceFirst: number;
  readonly sourceCount: number;
  readonly maxConnections: number;
  readonly connectionsPerWindow: number;
  readonly sourcePerWindow: number;
  /** Who made the row. */
  readonly owner: number;
  readonly persistMs: number;
  readonly connectionsPerSecond: number;
  readonly sourcePerSecond: number;
}

export interface Hop {
  readonly destinationMac: string;
  readonly sourceMac: string;
  readonly ifindex: number;
  readonly vlan: number;
  readonly mtu: number;
}

export interface MemberRow {
  readonly address: string;
  /** 0 keeps the packet's own. */
  readonly port: number;
  readonly listener: number;
  readonly flags: number;
  readonly weight: number;
  readonly maxConnections: number;
  readonly minConnections: number;
  /** Own address towards it; source of GUE over IPv4. */
  readonly outerSource?: string;
  readonly hop?: Hop;
}

/** Network order in 16 bytes; IPv4 in the first word. */
export function addressBytes(address: string): Uint8Array {
  const bytes = toBytes(address);
  if (bytes.length === 16) return bytes;
  const wide = new Uint8Array(16);
  wide.set(bytes);
  return wide;
}

export function macBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
}

export function macText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function ringWord(run: RingRun): bigint {
  return (BigInt(run.size) << 32n) | BigInt(run.offset);
}

export function ringOf(word: bigint): RingRun {
  return { offset: Number(word & 0xffff_ffffn), size: Number(word >> 32n) };
}

/** One aligned 8-byte store: a packet sees the old ring or the new one, never offset and size of two. */
export function storeRing(memory: ArrayBuffer, row: number, which: 'ring' | 'base', run: RingRun): void {
  const words = new BigUint64Array(memory, row * LISTENER.size, LISTENER.size / 8);
  Atomics.store(words, LISTENER[which] / 8, ringWord(run));
}

/** Everything but the rings, which storeRing() sets. */
export function writeListener(memory: ArrayBuffer, row: number, value: ListenerRow): void {
  const at = row * LISTENER.size;
  const view = new DataView(memory, at, LISTENER.size);
  view.setUint8(LISTENER.mode, MODES.indexOf(value.mode));
  view.setUint8(LISTENER.scheduler, XDP_SCHEDULERS.indexOf(value.scheduler));
  view.setUint8(LISTENER.transport, PROTOCOL_NUMBER[value.transport]);
  view.setUint8(LISTENER.family, value.address.includes(':') ? 6 : 4);
  view.setUint16(LISTENER.port, value.portFrom === value.portTo ? value.portFrom : 0);
  view.setUint16(LISTENER.tunnelPort, value.tunnelPort);
  view.setUint8(LISTENER.tunnel, TUNNELS.indexOf(value.tunnel));
  view.setUint8(LISTENER.persistLength4, value.persistLength4);
  view.setUint8(LISTENER.persistLength6, value.persistLength6);
  view.setUint8(LISTENER.sourceCount, value.sourceCount);
  view.setUint32(LISTENER.sourceFirst, value.sourceFirst, true);
  view.setUint32(LISTENER.persistTicks, value.persistTicks, true);
  new Uint8Array(memory, at + LISTENER.vip, 16).set(addressBytes(value.address));
  view.setUint32(LISTENER.maxConnections, value.maxConnections, true);
  view.setUint32(LISTENER.connectionsPerWindow, value.connectionsPerWindow, true);
  view.setUint32(LISTENER.sourcePerWindow, value.sourcePerWindow, true);
  view.setUint16(LISTENER.portFrom, value.portFrom, true);
  view.setUint16(LISTENER.portTo, value.portTo, true);
  view.setUint32(LISTENER.owner, value.owner, true);
  view.setUint32(LISTENER.persistMs, value.persistMs, true);
  view.setUint32(LISTENER.connectionsPerSecond, value.connectionsPerSecond, true);
  view.setUint32(LISTENER.sourcePerSecond, value.sourcePerSecond, true);
  view.setUint32(LISTENER.flags, value.flags, true);
}

export function readListener(memory: ArrayBuffer, row: number): ListenerRow {
  const at = row * LISTENER.size;
  const view = new DataView(memory, at, LISTENER.size);
  const six = view.getUint8(LISTENER.family) === 6;
  const vip = new Uint8Array(memory, at + LISTENER.vip, six ? 16 : 4);
  const number = view.getUint8(LISTENER.transport);
  return {
    ring: ringOf(view.getBigUint64(LISTENER.ring, true)),
    base: ringOf(view.getBigUint64(LISTENER.base, true)),
    flags: view.getUint32(LISTENER.flags, true),
    mode: MODES[view.getUint8(LISTENER.mode)] ?? 'dr',
    scheduler: XDP_SCHEDULERS[view.getUint8(LISTENER.scheduler)] ?? 'mh',
    transport: number === 17 ? 'udp' : number === 132 ? 'sctp' : 'tcp',
    address: fromBytes(vip.slice()),
    portFrom: view.getUint16(LISTENER.portFrom, true),
    portTo: view.getUint16(LISTENER.portTo, true),
    tunnel: TUNNELS[view.getUint8(LISTENER.tunnel)] ?? 'ipip',
    tunnelPort: view.getUint16(LISTENER.tunnelPort),
    persistLength4: view.getUint8(LISTENER.persistLength4),
    persistLength6: view.getUint8(LISTENER.persistLength6),
    persistTicks: view.getUint32(LISTENER.persistTicks, true),
    sourceFirst: view.getUint32(LISTENER.sourceFirst, true),
    sourceCount: view.getUint8(LISTENER.sourceCount),
    maxConnections: view.getUint32(LISTENER.maxConnections, true),
    connectionsPerWindow: view.getUint32(LISTENER.connectionsPerWindow, true),
    sourcePerWindow: view.getUint32(LISTENER.sourcePerWindow, true),
    owner: view.getUint32(LISTENER.owner, true),
    persistMs: view.getUint32(LISTENER.persistMs, true),
    connectionsPerSecond: view.getUint32(LISTENER.connectionsPerSecond, true),
    sourcePerSecond: view.getUint32(LISTENER.sourcePerSecond, true),
  };
}

export function writeMember(memory: ArrayBuffer, row: number, value: MemberRow): void {
  const at = row * MEMBER.size;
  const view = new DataView(memory, at, MEMBER.size);
  const six = value.address.includes(':') ? MEMBER_FLAG.v6 : 0;
  new Uint8Array(memory, at + MEMBER.address, 16).set(addressBytes(value.address));
  view.setUint32(MEMBER.listener, value.listener, true);
  view.setUint16(MEMBER.port, value.port);
  view.setUint16(MEMBER.weight, value.weight, true);
  view.setUint32(MEMBER.maxConnections, value.maxConnections, true);
  view.setUint32(MEMBER.minConnections, value.minConnections, true);
  if (value.outerSource !== undefined)
    new Uint8Array(memory, at + MEMBER.outerSource, 4).set(toBytes(value.outerSource));
  if (value.hop !== undefined) writeHop(memory, at + MEMBER.hop, value.hop);
  view.setUint16(MEMBER.flags, value.flags | six, true);
}

export function readMember(memory: ArrayBuffer, row: number): MemberRow {
  const at = row * MEMBER.size;
  const view = new DataView(memory, at, MEMBER.size);
  const flags = view.getUint16(MEMBER.flags, true);
  const length = flags & MEMBER_FLAG.v6 ? 16 : 4;
  const hop = readHop(memory, at + MEMBER.hop);
  const outer = new Uint8Array(memory, at + MEMBER.outerSource, 4);
  return {
    address: fromBytes(new Uint8Array(memory, at + MEMBER.address, length).slice()),
    port: view.getUint16(MEMBER.port),
    listener: view.getUint32(MEMBER.listener, true),
    flags,
    weight: view.getUint16(MEMBER.weight, true),
    maxConnections: view.getUint32(MEMBER.maxConnections, true),
    minConnections: view.getUint32(MEMBER.minConnections, true),
    ...(outer.some((byte) => byte !== 0) ? { outerSource: fromBytes(outer.slice()) } : {}),
    ...(hop.ifindex === 0 ? {} : { hop }),
  };
}

/** While the bytes change the interface is 0, so that no frame goes to a half-written MAC address. */
export function writeHop(memory: ArrayBuffer, at: number, hop: Hop): void {
  const view = new DataView(memory, at, HOP.size);
  view.setUint32(HOP.ifindex, 0, true);
  new Uint8Array(memory, at + HOP.destinationMac, 6).set(macBytes(hop.destinationMac));
  new Uint8Array(memory, at + HOP.sourceMac, 6).set(macBytes(hop.sourceMac));
  view.setUint16(HOP.vlan, hop.vlan, true);
  view.setUint16(HOP.mtu, hop.mtu, true);
  view.setUint32(HOP.ifindex, hop.ifindex, true);
}

/** From now on the kernel's FIB is asked. */
export function clearHop(memory: ArrayBuffer, at: number): void {
  new DataView(memory, at, HOP.size).setUint32(HOP.ifindex, 0, true);
}

export function readHop(memory: ArrayBuffer, at: number): Hop {
  const view = new DataView(memory, at, HOP.size);
  return {
    destinationMac: macText(new Uint8Array(memory, at + HOP.destinationMac, 6)),
    sourceMac: macText(new Uint8Array(memory, at + HOP.sourceMac, 6)),
    ifindex: view.getUint32(HOP.ifindex, true),
    vlan: view.getUint16(HOP.vlan, true),
    mtu: view.getUint16(HOP.mtu, true),
  };
}
