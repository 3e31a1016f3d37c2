// Network interfaces: `struct ifinfomsg` and IFLA_* attributes.
import { AttributeReader } from './attribute-reader.ts';
import { FLAG, type NetlinkMessage, WireError } from './message.ts';
import type { MessageWriter } from './message-writer.ts';
import { LINK_ATTR, LINK_FLAG, LINK_INFO, ROUTE_MESSAGE, VLAN_ATTR } from './route-numbers.ts';

export interface Link {
  readonly index: number;
  readonly name: string;
  /** IFF_* bits. */
  readonly flags: number;
  /** `02:00:00:00:00:01`; empty where it has none. */
  readonly mac: string;
  readonly mtu: number;
  /** Index of the bridge or bond it belongs to; 0 is none. */
  readonly master: number;
  /** `veth`, `bridge`; empty for hardware. */
  readonly type: string;
  /** What it puts in front of its frames, and the index of the link in this namespace that they leave by. */
  readonly vlan?: VlanTag & { readonly lower: number };
}

export interface VlanTag {
  readonly id: number;
  /** 0x8100, or 0x88a8 where another tag may follow (IEEE 802.1ad). */
  readonly protocol: number;
}

/** `struct ifinfomsg`: family, pad, type, index, flags, change */
const LINK_HEADER_SIZE = 16;

export function writeDumpLinks(writer: MessageWriter, sequence: number): void {
  writer
    .begin(ROUTE_MESSAGE.getLink, FLAG.request | FLAG.dump, sequence)
    .fixed(new Uint8Array(LINK_HEADER_SIZE));
}

export function readLink(message: NetlinkMessage): Link {
  const { body } = message;
  if (body.length < LINK_HEADER_SIZE)
    throw new WireError(
      `Cannot read a link as it needs ${LINK_HEADER_SIZE} bytes: current length is ${body.length}`,
    );
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  let name = '';
  let mac = '';
  let mtu = 0;
  let master = 0;
  let lower = 0;
  let isLowerElsewhere = false;
  let info: LinkInfo = { type: '' };
  const reader = new AttributeReader(body, LINK_HEADER_SIZE);
  while (reader.next()) {
    if (reader.type === LINK_ATTR.name) name = reader.text();
    else if (reader.type === LINK_ATTR.address) mac = toMac(reader.bytes());
    else if (reader.type === LINK_ATTR.mtu) mtu = reader.u32();
    else if (reader.type === LINK_ATTR.master) master = reader.u32();
    else if (reader.type === LINK_ATTR.link) lower = reader.u32();
    else if (reader.type === LINK_ATTR.linkNamespace) isLowerElsewhere = true;
    else if (reader.type === LINK_ATTR.info) info = readInfo(reader.nested());
  }
  if (reader.fault !== undefined) throw reader.fault;
  const { type, tag } = info;
  const vlan = tag === undefined || isLowerElsewhere ? {} : { vlan: { ...tag, lower } };
  return {
    index: view.getInt32(4, true),
    name,
    flags: view.getUint32(8, true),
    mac,
    mtu,
    master,
    type,
    ...vlan,
  };
}

export function isUp(link: Link): boolean {
  return (link.flags & LINK_FLAG.up) !== 0;
}

/** Up, and something answers at the other end. */
export function isRunning(link: Link): boolean {
  return isUp(link) && (link.flags & LINK_FLAG.running) !== 0;
}

/** True where neighbours are found by ARP or ND, so that announcing and probing make sense. */
export function hasNeighbours(link: Link): boolean {
  return (link.flags & (LINK_FLAG.loopback | LINK_FLAG.noArp)) === 0 && link.mac.length === 17;
}

const VIRTUAL_ROUTER = /^00:00:5e:00:0[12]:/;

/** Hardware addresses of this machine alone: those of VRRP (RFC 5798 section 7.3) are of whichever node is master. */
export function ownMacs(links: readonly Link[]): readonly string[] {
  return links.flatMap(({ mac }) => (mac === '' || VIRTUAL_ROUTER.test(mac) ? [] : mac));
}

export function toMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

export function fromMac(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16));
}

interface LinkInfo {
  readonly type: string;
  readonly tag?: VlanTag;
}

/** The kind comes before its data. */
function readInfo(info: AttributeReader): LinkInfo {
  let type = '';
  let tag: VlanTag | undefined;
  while (info.next())
    if (info.type === LINK_INFO.kind) type = info.text();
    else if (info.type === LINK_INFO.data && type === 'vlan') tag = readTag(info.nested());
  return { type, ...(tag === undefined ? {} : { tag }) };
}

function readTag(data: AttributeReader): VlanTag {
  let id = 0;
  let protocol = 0;
  while (data.next())
    if (data.type === VLAN_ATTR.id) id = data.u16();
    else if (data.type === VLAN_ATTR.protocol) protocol = data.be16();
  return { id, protocol };
}
