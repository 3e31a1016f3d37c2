// Asks the wire whether another machine holds a VIP.
import { LbError } from '../../model/errors.ts';
import { ownMacs } from '../../wire/netlink/route-link.ts';
import { RouteKernel } from '../netlink/route-kernel.ts';
import { PacketNeighbours } from '../packet.ts';
import { SysctlFiles } from '../sysctl-files.ts';

/** Twice, as one frame may be lost; a neighbour answers within a millisecond. */
const PROBE = { count: 2, waitMs: 100 } as const;

/** Hardware address of who else answers for an IPv4 address; undefined where nobody does, or where we may not ask. */
export async function probeVip(device: string, address: string): Promise<string | undefined> {
  // IPv6 duplicates are the kernel's own business: it refuses the second holder itself.
  if (address.includes(':')) return undefined;
  const route = new RouteKernel();
  try {
    const links = route.links();
    const link = links.find((one) => one.name === device);
    if (link === undefined) return undefined;
    const options = { ...PROBE, own: ownMacs(links) };
    return await new PacketNeighbours(new SysctlFiles()).probe(link, address, options);
  } catch (error) {
    // The missing privilege is a finding of its own.
    if (error instanceof LbError && error.code === 'DENIED') return undefined;
    throw error;
  } finally {
    route.close();
  }
}
