// An interface that lost its own address and got it back (a DHCP client, a network manager) finds our VIP of that subnet first: it would
// start the node's connections and carry the subnet's route, or, having come as the second one, carry none at all.
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import { ADDRESS_FLAG } from '../../wire/netlink/route-numbers.ts';
import { isLeading, subnetOf } from '../../wire/netlink/subnet.ts';

/**
 * All of ours in a subnet that one of ours leads, where the node has an address of its own there, or where it leads without a route.
 * Taken off and put on again, one after the other, they stand behind, and the route is where it belongs.
 */
export function misplacedOf(
  addresses: readonly InterfaceAddress[],
  isOurs: (address: InterfaceAddress) => boolean,
): ReadonlySet<InterfaceAddress> {
  const misplaced = new Set<InterfaceAddress>();
  for (const peers of subnets(addresses).values()) {
    const leader = peers.find(isLeading);
    if (leader === undefined || !isOurs(leader)) continue;
    const ours = peers.filter(isOurs);
    const hasNoRoute = (leader.flags & ADDRESS_FLAG.noPrefixRoute) !== 0;
    if (hasNoRoute || ours.length < peers.length) for (const one of ours) misplaced.add(one);
  }
  return misplaced;
}

function subnets(addresses: readonly InterfaceAddress[]): ReadonlyMap<string, readonly InterfaceAddress[]> {
  const subnets = new Map<string, InterfaceAddress[]>();
  for (const address of addresses) {
    const subnet = subnetOf(address);
    if (subnet === undefined) continue;
    const peers = subnets.get(subnet);
    if (peers === undefined) subnets.set(subnet, [address]);
    else peers.push(address);
  }
  return subnets;
}
