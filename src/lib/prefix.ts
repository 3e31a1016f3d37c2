// Networks: an address and how many of its leading bits count.
import { canonicalIp, type Family, familyOf, fromBytes, toBytes } from './ip.ts';

export interface Prefix {
  readonly address: string;
  readonly length: number;
  readonly family: Family;
}

export function bitsOf(family: Family): number {
  return family === 4 ? 32 : 128;
}

/** Reads `192.0.2.0/24`, or a bare address as its full length. Undefined where it is neither. */
export function parsePrefix(text: string): Prefix | undefined {
  const slash = text.indexOf('/');
  const address = slash === -1 ? text : text.slice(0, slash);
  const family = familyOf(address);
  if (family === undefined) return undefined;
  const lengthText = slash === -1 ? String(bitsOf(family)) : text.slice(slash + 1);
  if (!/^(0|[1-9]\d{0,2})$/.test(lengthText)) return undefined;
  const length = Number(lengthText);
  if (length > bitsOf(family)) return undefined;
  return { address: canonicalIp(address), length, family };
}

export function formatPrefix(prefix: Prefix): string {
  return `${prefix.address}/${prefix.length}`;
}

/** The first address of the network: host bits cleared. */
export function networkOf(prefix: Prefix): string {
  return fromBytes(maskBytes(toBytes(prefix.address), prefix.length));
}

export function hasHostBits(prefix: Prefix): boolean {
  return networkOf(prefix) !== prefix.address;
}

export function contains(prefix: Prefix, address: string): boolean {
  if (familyOf(address) !== prefix.family) return false;
  return fromBytes(maskBytes(toBytes(address), prefix.length)) === networkOf(prefix);
}

function maskBytes(bytes: Uint8Array, length: number): Uint8Array {
  return bytes.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, length - index * 8));
    return byte & (0xff << (8 - bits)) & 0xff;
  });
}
