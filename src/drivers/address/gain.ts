// Takes an address: nobody else may hold it, then it goes on the interface, then the neighbours are told.

import type { AddressPort, LinkPort, NeighbourPort } from '../../kernel/ports.ts';
import { contains, parsePrefix } from '../../lib/prefix.ts';
import { OpError, WaitingError } from '../../model/errors.ts';
import type { Fields } from '../../model/item.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import { hasNeighbours, isUp, type Link } from '../../wire/netlink/route-link.ts';
import { ADDRESS_FLAG, OUR_PROTOCOL } from '../../wire/netlink/route-numbers.ts';

export interface GainOptions {
  readonly duplicateDetection: boolean;
  /** ARP probes, and the silence awaited after each. A quick takeover wants few and short ones. */
  readonly probes: number;
  readonly probeWaitMs: number;
  /** Longest wait for the kernel's own detection on IPv6: a second and a random delay by default. */
  readonly ipv6WaitMs: number;
}

export interface GainPorts {
  readonly route: LinkPort & AddressPort;
  readonly neighbours: NeighbourPort;
}

const LOOK_MS = 20;

/** `isOurs` replaces what is there: our own from before, or one that was adopted. */
export async function gain(
  ports: GainPorts,
  fields: Fields,
  options: GainOptions,
  isOurs: boolean,
): Promise<void> {
  const link = findLink(ports.route, String(fields.interface));
  const address = toAddress(ports.route, fields, link, options);
  if (isOurs) {
    ports.route.addAddress(address, 'replace');
    return;
  }
  const canProbe = options.duplicateDetection && isUp(link) && hasNeighbours(link);
  const isV6 = address.address.includes(':');
  if (canProbe && !isV6) {
    const probe = { count: options.probes, waitMs: options.probeWaitMs };
    const owner = await ports.neighbours.probe(link, address.address, probe);
    if (owner !== undefined) throw duplicate(fields, owner);
  }
  ports.route.addAddress(address, 'create');
  if (canProbe && isV6) await awaitDetection(ports, address, fields, options.ipv6WaitMs);
}

export function findLink(route: LinkPort, name: string): Link {
  const link = route.links().find((one) => one.name === name);
  if (link !== undefined) return link;
  throw new WaitingError('INTERFACE_MISSING', `Cannot use interface "${name}" as it does not exist`, {
    details: { op: 'RTM_GETLINK', target: name, errno: 'ENODEV' },
  });
}

export function toAddress(
  route: AddressPort,
  fields: Fields,
  link: Link,
  options: Pick<GainOptions, 'duplicateDetection'>,
): InterfaceAddress {
  const address = String(fields.address);
  const prefixLength = Number(fields.prefix);
  let flags = 0;
  // Another address gives this subnet its route already: a second one would go away with the VIP and flap.
  if (hasRouteAlready(route, address, prefixLength, link)) flags |= ADDRESS_FLAG.noPrefixRoute;
  if (address.includes(':') && (!options.duplicateDetection || !hasNeighbours(link) || !isUp(link)))
    flags |= ADDRESS_FLAG.noDad;
  const lifetime = address.includes(':') ? { preferredSeconds: 0 } : {};
  return {
    address,
    prefixLength,
    linkIndex: link.index,
    flags,
    protocol: OUR_PROTOCOL,
    label: '',
    ...lifetime,
  };
}

function hasRouteAlready(route: AddressPort, address: string, prefixLength: number, link: Link): boolean {
  if (prefixLength === (address.includes(':') ? 128 : 32)) return false;
  const network = parsePrefix(`${address}/${prefixLength}`);
  if (network === undefined) return false;
  return route
    .addresses()
    .some(
      (one) =>
        one.linkIndex === link.index &&
        one.prefixLength === prefixLength &&
        one.address !== address &&
        one.protocol !== OUR_PROTOCOL &&
        contains(network, one.address),
    );
}

/** The kernel asks the wire itself; until it is done the address is tentative, and taken by another it is marked failed. */
async function awaitDetection(
  ports: GainPorts,
  address: InterfaceAddress,
  fields: Fields,
  waitMs: number,
): Promise<void> {
  const end = performance.now() + waitMs;
  for (;;) {
    const row = ports.route
      .addresses()
      .find((one) => one.address === address.address && one.linkIndex === address.linkIndex);
    const flags = row?.flags ?? 0;
    if ((flags & ADDRESS_FLAG.dadFailed) !== 0) {
      ports.route.removeAddress(address);
      throw duplicate(fields, 'unknown');
    }
    if ((flags & ADDRESS_FLAG.tentative) === 0 || performance.now() >= end) return;
    await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function duplicate(fields: Fields, owner: string): OpError {
  return new OpError(
    'ADDRESS_DUPLICATE',
    `Cannot take address "${fields.address}" on "${fields.interface}" as another machine holds it: ` +
      `its hardware address is ${owner}`,
    { op: 'duplicate address detection', target: String(fields.address), errno: 'EADDRINUSE' },
  );
}
