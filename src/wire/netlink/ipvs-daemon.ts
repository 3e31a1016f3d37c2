// The kernel's connection sync daemons, to and from IPVS_CMD_ATTR_DAEMON.
import { familyOf, fromBytes, toBytes } from '../../lib/ip.ts';
import { AttributeReader } from './attribute-reader.ts';
import { GENERIC_HEADER_SIZE } from './family.ts';
import { ATTR, DAEMON_ATTR } from './ipvs-numbers.ts';
import type { NetlinkMessage } from './message.ts';
import type { MessageWriter } from './message-writer.ts';

/** IP_VS_STATE_*: a master sends, a backup listens; both may run at once. */
export const DAEMON_STATE = { master: 1, backup: 2 } as const;

export interface IpvsDaemon {
  readonly role: keyof typeof DAEMON_STATE;
  readonly interface: string;
  /** 1-255; 0 listens to any id. */
  readonly syncId: number;
  /** UDP payload; 0 leaves it to the kernel (from the interface MTU). */
  readonly maxBytes: number;
  /** Empty leaves it to the kernel: 224.0.0.81, port 8848, ttl 1. */
  readonly group: string;
  readonly port: number;
  readonly ttl: number;
}

export function writeDaemon(writer: MessageWriter, daemon: IpvsDaemon): void {
  const mark = writer.beginNested(ATTR.daemon);
  writer.u32(DAEMON_ATTR.state, DAEMON_STATE[daemon.role]);
  writer.text(DAEMON_ATTR.interface, daemon.interface);
  writer.u32(DAEMON_ATTR.syncId, daemon.syncId);
  if (daemon.maxBytes !== 0) writer.u16(DAEMON_ATTR.maxBytes, daemon.maxBytes);
  if (daemon.group !== '') {
    const v6 = familyOf(daemon.group) === 6;
    writer.bytes(v6 ? DAEMON_ATTR.group6 : DAEMON_ATTR.group, toBytes(daemon.group));
  }
  if (daemon.port !== 0) writer.u16(DAEMON_ATTR.port, daemon.port);
  if (daemon.ttl !== 0) writer.u8(DAEMON_ATTR.ttl, daemon.ttl);
  writer.endNested(mark);
}

export function writeDaemonRole(writer: MessageWriter, role: IpvsDaemon['role']): void {
  const mark = writer.beginNested(ATTR.daemon);
  writer.u32(DAEMON_ATTR.state, DAEMON_STATE[role]);
  // Stopping goes by role alone; the other two are what ipvsadm sends with it.
  writer.text(DAEMON_ATTR.interface, '');
  writer.u32(DAEMON_ATTR.syncId, 0);
  writer.endNested(mark);
}

export function readDaemon(message: NetlinkMessage): IpvsDaemon | undefined {
  const outer = new AttributeReader(message.body, GENERIC_HEADER_SIZE);
  let daemon: IpvsDaemon | undefined;
  while (outer.next()) if (outer.type === ATTR.daemon) daemon = readInside(outer.nested());
  if (outer.fault !== undefined) throw outer.fault;
  return daemon;
}

function readInside(reader: AttributeReader): IpvsDaemon {
  let role: IpvsDaemon['role'] = 'master';
  let name = '';
  let syncId = 0;
  let maxBytes = 0;
  let group = '';
  let port = 0;
  let ttl = 0;
  while (reader.next()) {
    if (reader.type === DAEMON_ATTR.state) role = reader.u32() === DAEMON_STATE.backup ? 'backup' : 'master';
    else if (reader.type === DAEMON_ATTR.interface) name = reader.text();
    else if (reader.type === DAEMON_ATTR.syncId) syncId = reader.u32();
    else if (reader.type === DAEMON_ATTR.maxBytes) maxBytes = reader.u16();
    else if (reader.type === DAEMON_ATTR.group) group = fromBytes(reader.bytes().subarray(0, 4));
    else if (reader.type === DAEMON_ATTR.group6) group = fromBytes(reader.bytes().subarray(0, 16));
    else if (reader.type === DAEMON_ATTR.port) port = reader.u16();
    else if (reader.type === DAEMON_ATTR.ttl) ttl = reader.u8();
  }
  return { role, interface: name, syncId, maxBytes, group, port, ttl };
}
