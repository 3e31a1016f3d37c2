// IP addresses as text and as numbers. Strict: no octal, no short forms, no zone ids.
import { isIPv4, isIPv6 } from 'node:net';

export type Family = 4 | 6;

const DOT = 0x2e;
const ZERO = 0x30;

/** Family of a textual address, or undefined where it is none. */
export function familyOf(text: string): Family | undefined {
  if (isIPv4(text)) return 4;
  if (isIPv6(text) && !text.includes('%')) return 6;
  return undefined;
}

export function isIp(text: string): boolean {
  return familyOf(text) !== undefined;
}

/** Network byte order, 4 or 16 bytes. Throws on what is no address. */
export function toBytes(text: string): Uint8Array {
  const family = familyOf(text);
  if (family === 4) return bytesOfIpv4(text);
  if (family === 6) return bytesOfIpv6(text);
  throw new RangeError(`Cannot read an IP address: current value is "${text}"`);
}

export function fromBytes(bytes: Uint8Array): string {
  if (bytes.length === 4) return `${bytes[0]}.${bytes[1]}.${bytes[2]}.${bytes[3]}`;
  if (bytes.length === 16) return textOfIpv6(bytes);
  throw new RangeError(
    `Cannot write an IP address as it must have 4 or 16 bytes: current length is ${bytes.length}`,
  );
}

/** The one canonical spelling: IPv6 in lower case with the longest run of zeros shortened (RFC 5952). */
export function canonicalIp(text: string): string {
  return familyOf(text) === 6 ? textOfIpv6(bytesOfIpv6(text)) : text;
}

export function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Digit by digit: drivers turn tens of thousands of addresses at once, connection sync as many in a second. */
function bytesOfIpv4(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === DOT) at++;
    else bytes[at] = bytes[at]! * 10 + code - ZERO;
  }
  return bytes;
}

function bytesOfIpv6(text: string): Uint8Array {
  const lastColon = text.lastIndexOf(':');
  // A dotted tail (`::ffff:192.0.2.1`) stands for the last two groups.
  const tail = text.slice(lastColon + 1);
  const dotted = tail.includes('.') ? tail.split('.').map(Number) : undefined;
  const plain = dotted
    ? `${text.slice(0, lastColon + 1)}${hex16(dotted[0]!, dotted[1]!)}:${hex16(dotted[2]!, dotted[3]!)}`
    : text;
  const [head = '', rest] = plain.split('::') as [string, string?];
  const left = head === '' ? [] : head.split(':');
  const right = rest === undefined || rest === '' ? [] : rest.split(':');
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill('0'), ...right];
  const bytes = new Uint8Array(16);
  groups.forEach((group, index) => {
    const value = Number.parseInt(group, 16);
    bytes[index * 2] = value >> 8;
    bytes[index * 2 + 1] = value & 0xff;
  });
  return bytes;
}

function hex16(high: number, low: number): string {
  return ((high << 8) | low).toString(16);
}

function textOfIpv6(bytes: Uint8Array): string {
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push((bytes[i]! << 8) | bytes[i + 1]!);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) return `::ffff:${bytes.slice(12).join('.')}`;
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - start > best[1]) best = [start, i - start];
    start = i + 1;
  }
  return best;
}
