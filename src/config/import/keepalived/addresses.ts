// Addresses as keepalived writes them: one, a range, with a prefix and the words of `ip address`.
import { canonicalIp, familyOf, fromBytes, isIp, toBigInt, toBytes } from '../../../lib/ip.ts';

/** More addresses than this are refused: nobody meant them. */
export const MOST_IN_RANGE = 1024;

export interface AddressWords {
  readonly address: string;
  readonly prefixLength: number | undefined;
  readonly device: string | undefined;
  /** Words of `ip address` that have no field of ours. */
  readonly rest: readonly string[];
}

/** `192.0.2.10/24 brd + dev eth0 label eth0:1`. */
export function parseAddressLine(words: readonly string[]): AddressWords | undefined {
  const start = words[0] ?? '';
  const [text = '', length] = start.split('/');
  if (!isIp(text)) return undefined;
  const bits = familyOf(text) === 6 ? 128 : 32;
  const prefixLength = length === undefined ? undefined : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (prefixLength !== undefined && (prefixLength < 0 || prefixLength > bits)) return undefined;
  let device: string | undefined;
  const rest: string[] = [];
  for (let i = 1; i < words.length; i++) {
    if (words[i] === 'dev' && words[i + 1] !== undefined) {
      device = words[i + 1];
      i++;
    } else {
      rest.push(words[i]!);
    }
  }
  return { address: canonicalIp(text), prefixLength, device, rest };
}

/** `192.0.2.1-10`, `2001:db8::1-a`, or one address; in canonical form. Nothing when it is none, or too many. */
export function parseAddressRange(text: string): readonly string[] | undefined {
  if (isIp(text)) return [canonicalIp(text)];
  const match = /^(.*?)-([0-9a-fA-F]{1,4})$/.exec(text);
  if (match === null || !isIp(match[1]!)) return undefined;
  const first = canonicalIp(match[1]!);
  const six = familyOf(first) === 6;
  if (!six && !/^\d{1,3}$/.test(match[2]!)) return undefined;
  const step = six ? 0xffff : 0xff;
  const start = Number(toBigInt(toBytes(first)) & BigInt(step));
  const end = Number.parseInt(match[2]!, six ? 16 : 10);
  if (end < start || end > step || end - start >= MOST_IN_RANGE) return undefined;
  const addresses: string[] = [];
  for (let last = start; last <= end; last++) {
    const bytes = Uint8Array.from(toBytes(first));
    bytes[bytes.length - 1] = last & 0xff;
    if (six) bytes[bytes.length - 2] = last >> 8;
    addresses.push(fromBytes(bytes));
  }
  return addresses;
}
