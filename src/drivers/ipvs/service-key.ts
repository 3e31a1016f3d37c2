// Listener keys as kernel service keys and back. A range of ports is one firewall mark service: balanced as one, with one
// persistence; nftables gives its packets the mark (decision 0031).
import { createHash } from 'node:crypto';
import type { Transport } from '../../model/protocol.ts';
import type { IpvsServiceKey } from '../../wire/netlink/ipvs-service.ts';
import type { NftTarget } from './nft-entry.ts';

/** Our marks are 0x4c______: "L" and 24 bits of the listener key's hash. */
const MARK_BASE = 0x4c000000;
const KEY = /^(tcp|udp|sctp)\/(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d+)(?:-(\d+))?$/;
const MARK_KEY = /^mark\/(\d+)\/([46])$/;

/** What a listener's traffic is, read from its key; undefined for what is no such key. */
export function parseTarget(key: string): NftTarget | undefined {
  const mark = MARK_KEY.exec(key);
  if (mark !== null) return { kind: 'mark', mark: Number(mark[1]), family: mark[2] === '6' ? 6 : 4 };
  const found = KEY.exec(key);
  if (found === null) return undefined;
  const [, protocol, v6, v4, from, to = from] = found;
  return {
    kind: 'address',
    family: v6 === undefined ? 4 : 6,
    protocol: protocol as Transport,
    address: v6 ?? v4!,
    portFrom: Number(from),
    portTo: Number(to),
  };
}

export function isRange(target: NftTarget): boolean {
  return target.kind === 'address' && target.portFrom !== target.portTo;
}

/** `mark 0x4c0a1b2c` */
export function throughMark(mark: number): string {
  return `mark 0x${mark.toString(16).padStart(8, '0')}`;
}

/** The mark of a range; the same for the same key unless another range has it already. */
export function markFor(key: string, taken: ReadonlySet<number>): number {
  for (let salt = 0; ; salt++) {
    const digest = createHash('sha256')
      .update(salt === 0 ? key : `${key} ${salt}`)
      .digest();
    const mark = MARK_BASE + digest.readUIntBE(0, 3);
    if (!taken.has(mark)) return mark;
  }
}

/** The kernel service behind a listener key; `through` is the item field of that name, empty where there is none. */
export function toServiceKey(key: string, through: string): IpvsServiceKey | undefined {
  const target = parseTarget(key);
  if (target === undefined) return undefined;
  if (target.kind === 'mark') return target;
  if (through !== '') {
    return { kind: 'mark', family: target.family, mark: Number.parseInt(through.replace('mark 0x', ''), 16) };
  }
  const { family, protocol, address, portFrom } = target;
  return { kind: 'address', family, protocol, address, port: portFrom };
}
