// Addresses that no machine and no VIP can have, told by their text.

/** What makes a canonical address unusable for a machine or a VIP, in words. Asked of every member, hence by text. */
export function specialKind(address: string): string | undefined {
  if (address.includes(':')) {
    if (address === '::') return 'the unspecified address';
    return address.startsWith('ff') && address.indexOf(':') === 4 ? 'a multicast address' : undefined;
  }
  const first = Number.parseInt(address, 10);
  if (first > 0 && first < 224) return undefined;
  if (address === '0.0.0.0') return 'the unspecified address';
  if (first === 0) return undefined;
  if (first < 240) return 'a multicast address';
  return address === '255.255.255.255' ? 'the broadcast address' : 'reserved';
}

/** Never seen outside of one machine or one link. */
export function isLocal(address: string): boolean {
  if (!address.includes(':')) return address.startsWith('127.');
  // fe80::/10
  return address === '::1' || /^fe[89ab][0-9a-f]:/.test(address);
}
