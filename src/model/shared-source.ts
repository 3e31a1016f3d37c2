// The address that members of a one-arm listener see so that the other node can go on: one that moves with the group.
import type { Intent } from './intent.ts';
import type { Vip } from './vip.ts';

/**
 * Absent where connections are not told to a peer, and where no such address is known: the node then speaks from one of its
 * own. The VIP itself will do where members answer through the network it stands in; where they have a network of their
 * own (`network.backend.interface`), it must be a VIP of the same group there, as their route back to the first one may not
 * lead through us.
 */
export function sharedSourceOf(vip: Vip, { ha, network, vips }: Intent): string | undefined {
  if (ha === undefined || !ha.sync.enabled || ha.sync.peers.length === 0) return undefined;
  const group = ha.groups.find((one) => one.name === vip.group);
  // All nodes of ECMP hold the address at once: what a member answers to it may reach any of them.
  if (group === undefined || group.chooser === 'bgp-ecmp') return undefined;
  const own = vip.interface ?? network.frontendInterface;
  const members = network.backendInterface ?? own;
  if (members === own) return vip.address;
  const isSix = vip.address.includes(':');
  for (const one of vips.values())
    if (one.group === vip.group && one.interface === members && one.address.includes(':') === isSix)
      return one.address;
  return undefined;
}
