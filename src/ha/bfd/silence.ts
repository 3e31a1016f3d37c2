// Whether a peer on a network of ours is silent: asked on the wire for its own address, one that hears us answers.
import type { NeighbourPort, ProbeOptions } from '../../kernel/ports.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { hasNeighbours, isUp, type Link } from '../../wire/netlink/route-link.ts';
import type { RoutePort } from '../vrrp/presence.ts';

export interface Wire {
  readonly route: RoutePort;
  readonly neighbours?: NeighbourPort;
}

/** False also where it cannot be asked: behind a router, or over a link that is down. */
export async function isSilent(peer: string, questions: ProbeOptions, wire: Wire): Promise<boolean> {
  const { neighbours, route } = wire;
  try {
    const link = linkTo(peer, route);
    if (neighbours === undefined || link === undefined || !isUp(link) || !hasNeighbours(link)) return false;
    return (await neighbours.probe(link, peer, questions)) === undefined;
  } catch {
    // Nothing is known, as before.
    return false;
  }
}

function linkTo(peer: string, route: RoutePort): Link | undefined {
  const row = route.addresses().find(({ address, prefixLength }) => {
    const network = parsePrefix(`${address}/${prefixLength}`);
    return network !== undefined && contains(network, peer);
  });
  return row === undefined ? undefined : route.links().find(({ index }) => index === row.linkIndex);
}
