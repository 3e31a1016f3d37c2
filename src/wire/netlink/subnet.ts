// IPv4 addresses of one interface in one subnet: the first of them leads. The kernel starts connections from it, hangs the subnet's route
// on it, and takes the others along when it goes, unless it is told to promote the next one.
import { formatPrefix, networkOf, parsePrefix } from '../../lib/prefix.ts';
import type { InterfaceAddress } from './route-address.ts';
import { ADDRESS_FLAG } from './route-numbers.ts';

/** Undefined where none leads another: IPv6, and addresses that are a subnet of their own. */
export function subnetOf({ address, prefixLength, linkIndex }: InterfaceAddress): string | undefined {
  if (prefixLength === 32 || address.includes(':')) return undefined;
  const prefix = parsePrefix(`${address}/${prefixLength}`);
  if (prefix === undefined) return undefined;
  return `${formatPrefix({ ...prefix, address: networkOf(prefix) })} dev #${linkIndex}`;
}

export function isLeading({ flags }: InterfaceAddress): boolean {
  return (flags & ADDRESS_FLAG.secondary) === 0;
}

/** Whom it leads. */
export function followersOf(
  address: InterfaceAddress,
  rows: readonly InterfaceAddress[],
): readonly InterfaceAddress[] {
  const subnet = subnetOf(address);
  if (subnet === undefined) return [];
  const peers = rows.filter((row) => subnetOf(row) === subnet);
  const own = peers.find((row) => row.address === address.address);
  return own !== undefined && isLeading(own) ? peers.filter((row) => row !== own) : [];
}
