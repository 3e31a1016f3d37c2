// Generic netlink's directory (linux/genetlink.h): which number a family has on this kernel today.
import { AttributeReader } from './attribute-reader.ts';
import { FLAG, type NetlinkMessage } from './message.ts';
import type { MessageWriter } from './message-writer.ts';

/** GENL_ID_CTRL */
export const CONTROL_FAMILY = 0x10;
const CTRL_CMD_GETFAMILY = 3;
const CTRL_ATTR_FAMILY_ID = 1;
const CTRL_ATTR_FAMILY_NAME = 2;
const CTRL_ATTR_VERSION = 3;
const CTRL_ATTR_MCAST_GROUPS = 7;
const MCAST_GRP_NAME = 1;
const MCAST_GRP_ID = 2;

/** `struct genlmsghdr` */
export const GENERIC_HEADER_SIZE = 4;

export interface GenericFamily {
  readonly id: number;
  readonly name: string;
  readonly version: number;
  readonly groups: ReadonlyMap<string, number>;
}

export function writeGetFamily(writer: MessageWriter, sequence: number, name: string): void {
  writer
    .begin(CONTROL_FAMILY, FLAG.request | FLAG.ack, sequence)
    .generic(CTRL_CMD_GETFAMILY, 1)
    .text(CTRL_ATTR_FAMILY_NAME, name);
}

export function readFamily(message: NetlinkMessage): GenericFamily {
  const reader = new AttributeReader(message.body, GENERIC_HEADER_SIZE);
  const groups = new Map<string, number>();
  let id = 0;
  let name = '';
  let version = 0;
  while (reader.next()) {
    if (reader.type === CTRL_ATTR_FAMILY_ID) id = reader.u16();
    else if (reader.type === CTRL_ATTR_FAMILY_NAME) name = reader.text();
    else if (reader.type === CTRL_ATTR_VERSION) version = reader.u32();
    else if (reader.type === CTRL_ATTR_MCAST_GROUPS) readGroups(reader.nested(), groups);
  }
  if (reader.fault !== undefined) throw reader.fault;
  return { id, name, version, groups };
}

function readGroups(list: AttributeReader, groups: Map<string, number>): void {
  while (list.next()) {
    const group = list.nested();
    let name = '';
    let id = 0;
    while (group.next()) {
      if (group.type === MCAST_GRP_NAME) name = group.text();
      else if (group.type === MCAST_GRP_ID) id = group.u32();
    }
    groups.set(name, id);
  }
}
