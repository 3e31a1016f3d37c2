// Asks the wire whether somebody else answers for an address of ours.
import type { NeighbourPort } from '../../kernel/ports.ts';
import { hasNeighbours, isUp, ownMacs } from '../../wire/netlink/route-link.ts';
import type { VrrpAddress } from '../vrrp/keepalived-config.ts';
import type { RoutePort } from '../vrrp/presence.ts';

const WAIT_MS = 30;

/** The other one's hardware address; undefined where nobody does, or nobody can be asked. */
export async function whoElseAnswers(
  { address, interface: device }: VrrpAddress,
  neighbours: NeighbourPort,
  route: RoutePort,
): Promise<string | undefined> {
  const links = route.links();
  const link = links.find((one) => one.name === device);
  if (link === undefined || !isUp(link) || !hasNeighbours(link)) return undefined;
  return neighbours.probe(link, address, { count: 1, waitMs: WAIT_MS, own: ownMacs(links) });
}
