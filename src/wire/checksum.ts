// The internet checksum (RFC 1071) and the pseudo header of ICMPv6 (RFC 8200 section 8.1).

/** One's complement of the one's complement sum of 16 bit words; an odd last byte is padded with zero. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const part of parts) {
    for (let i = 0; i < part.length; i += 2) sum += (part[i]! << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/** Source, destination, upper-layer length, next header. */
export function ipv6PseudoHeader(
  source: Uint8Array,
  destination: Uint8Array,
  length: number,
  nextHeader: number,
): Uint8Array {
  const bytes = new Uint8Array(40);
  bytes.set(source, 0);
  bytes.set(destination, 16);
  const view = new DataView(bytes.buffer);
  view.setUint32(32, length);
  bytes[39] = nextHeader;
  return bytes;
}
