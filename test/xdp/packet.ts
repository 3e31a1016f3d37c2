// Builds packets field by field and takes them apart again, with checksums of its own: what the data plane makes is
// judged by this code only, which shares nothing with it.

export type Bytes = Uint8Array;

export function join(...parts: readonly (Bytes | readonly number[])[]): Bytes {
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  const out = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

/** RFC 1071 the slow way: a sum of 16-bit words with every carry added at once. */
export function checksum(bytes: Bytes): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) {
    sum += (bytes[i]! << 8) + (bytes[i + 1] ?? 0);
    if (sum > 0xffff) sum = (sum & 0xffff) + 1;
  }
  return ~sum & 0xffff;
}

/** CRC32c bit by bit (RFC 9260 appendix A gives the polynomial). */
export function crc32c(bytes: Bytes): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

export function ip4Bytes(text: string): number[] {
  return text.split('.').map(Number);
}

export function ip6Bytes(text: string): number[] {
  const [left = '', right] = text.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16)));
  const head = groups(left);
  const tail = right === undefined ? [] : groups(right);
  const middle = right === undefined ? [] : new Array<number>(8 - head.length - tail.length).fill(0);
  return [...head, ...middle, ...tail].flatMap(u16);
}

function addressOf(text: string): number[] {
  return text.includes(':') ? ip6Bytes(text) : ip4Bytes(text);
}

export function macBytes(text: string): number[] {
  return text.split(':').map((part) => Number.parseInt(part, 16));
}

export interface Link {
  readonly from: string;
  readonly to: string;
  /** Outermost first; 802.1Q each. */
  readonly vlans?: readonly number[];
}

export function ethernet(link: Link, payload: Bytes, type?: number): Bytes {
  const kind = type ?? (payload[0]! >> 4 === 6 ? 0x86dd : 0x0800);
  const tags = (link.vlans ?? []).flatMap((vlan) => [...u16(0x8100), ...u16(vlan)]);
  return join(macBytes(link.to), macBytes(link.from), tags, u16(kind), payload);
}

export interface Ip {
  readonly from: string;
  readonly to: string;
  readonly ttl?: number;
  readonly tos?: number;
  readonly id?: number;
  readonly df?: boolean;
  readonly options?: readonly number[];
  /** Offset in bytes and whether more follow. */
  readonly fragment?: { readonly offset: number; readonly more: boolean };
  /** IPv6 extension headers before the upper one, as [number, bytes] in order; byte 0 of each is filled in. */
  readonly extensions?: readonly { readonly number: number; readonly bytes: readonly number[] }[];
}

export const NUMBER = { icmp: 1, ipip: 4, tcp: 6, udp: 17, ipv6: 41, icmp6: 58, sctp: 132 } as const;

/** An upper-layer packet and its number; `seal` fills in its checksum once the addresses are known. */
export interface Upper {
  readonly number: number;
  readonly seal: (pseudo: (length: number) => Bytes) => Bytes;
}

export function ip(header: Ip, upper: Upper): Bytes {
  return header.from.includes(':') ? ip6(header, upper) : ip4(header, upper);
}

export function ip4(header: Ip, upper: Upper): Bytes {
  const source = ip4Bytes(header.from);
  const target = ip4Bytes(header.to);
  const body = upper.seal((length) => join(source, target, [0, upper.number], u16(length)));
  const options = [...(header.options ?? [])];
  while (options.length % 4 !== 0) options.push(0);
  const length = 20 + options.length;
  const { offset = 0, more = false } = header.fragment ?? {};
  const flags = (header.df === false ? 0 : 0x4000) | (more ? 0x2000 : 0);
  const fragment = header.fragment ? (flags & 0x2000) | (offset >> 3) : flags;
  const bytes = join(
    [0x40 | (length / 4), header.tos ?? 0],
    u16(length + body.length),
    u16(header.id ?? 0x1234),
    u16(fragment),
    [header.ttl ?? 64, upper.number, 0, 0],
    source,
    target,
    options,
  );
  bytes.set(u16(checksum(bytes)), 10);
  return join(bytes, body);
}

export function ip6(header: Ip, upper: Upper): Bytes {
  const source = ip6Bytes(header.from);
  const target = ip6Bytes(header.to);
  const body = upper.seal((length) => join(source, target, u32(length), [0, 0, 0, upper.number]));
  const chain = [...(header.extensions ?? [])];
  if (header.fragment !== undefined) {
    const word = header.fragment.offset | (header.fragment.more ? 1 : 0);
    chain.push({ number: 44, bytes: [0, 0, ...u16(word), ...u32(header.id ?? 0x12345678)] });
  }
  const extensions = chain.map((one, index) =>
    Uint8Array.from([chain[index + 1]?.number ?? upper.number, ...one.bytes.slice(1)]),
  );
  const rest = join(...extensions, body);
  return join(
    u32(0x60000000 | ((header.tos ?? 0) << 20)),
    u16(rest.length),
    [chain[0]?.number ?? upper.number, header.ttl ?? 64],
    source,
    target,
    rest,
  );
}

export interface Ports {
  readonly from: number;
  readonly to: number;
}

export const FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const;

export interface Tcp extends Ports {
  readonly flags?: number;
  readonly sequence?: number;
  readonly acknowledge?: number;
  readonly data?: Bytes | readonly number[];
}

export function tcp(header: Tcp): Upper {
  const segment = join(
    u16(header.from),
    u16(header.to),
    u32(header.sequence ?? 0x01020304),
    u32(header.acknowledge ?? 0x0a0b0c0d),
    [0x50, header.flags ?? FLAG.ack],
    u16(0x2000),
    [0, 0, 0, 0],
    header.data ?? [],
  );
  return { number: NUMBER.tcp, seal: (pseudo) => sealed(segment, 16, pseudo) };
}

export interface Udp extends Ports {
  readonly data?: Bytes | readonly number[];
  readonly noChecksum?: boolean;
}

export function udp(header: Udp): Upper {
  const data = header.data ?? [1, 2, 3, 4];
  const segment = join(u16(header.from), u16(header.to), u16(8 + data.length), [0, 0], data);
  return {
    number: NUMBER.udp,
    seal: (pseudo) => {
      if (header.noChecksum) return segment;
      const out = sealed(segment, 6, pseudo);
      if (out[6] === 0 && out[7] === 0) out.set([0xff, 0xff], 6);
      return out;
    },
  };
}

export function sctp(header: Ports & { readonly data?: readonly number[] }): Upper {
  const bytes = join(u16(header.from), u16(header.to), u32(0xdeadbeef), u32(0), header.data ?? [1, 2, 3, 4]);
  new DataView(bytes.buffer).setUint32(8, crc32c(bytes), true);
  return { number: NUMBER.sctp, seal: () => bytes };
}

export interface Icmp {
  readonly type: number;
  readonly code?: number;
  /** The four bytes after the checksum: identifier and sequence, or the MTU. */
  readonly rest?: number;
  readonly body?: Bytes | readonly number[];
}

export function icmp(header: Icmp): Upper {
  const bytes = join([header.type, header.code ?? 0, 0, 0], u32(header.rest ?? 0), header.body ?? []);
  bytes.set(u16(checksum(bytes)), 2);
  return { number: NUMBER.icmp, seal: () => bytes };
}

export function icmp6(header: Icmp): Upper {
  const bytes = join([header.type, header.code ?? 0, 0, 0], u32(header.rest ?? 0), header.body ?? []);
  return { number: NUMBER.icmp6, seal: (pseudo) => sealed(bytes, 2, pseudo) };
}

/** Bytes under a number, with no checksum: what follows the first fragment, or an unknown protocol. */
export function raw(number: number, body: Bytes | readonly number[]): Upper {
  return { number, seal: () => Uint8Array.from(body) };
}

function sealed(segment: Bytes, at: number, pseudo: (length: number) => Bytes): Bytes {
  const out = segment.slice();
  out.set([0, 0], at);
  out.set(u16(checksum(join(pseudo(out.length), out))), at);
  return out;
}

export function addressesOf(text: string): number[] {
  return addressOf(text);
}
