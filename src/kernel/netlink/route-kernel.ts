// The real LinkPort and AddressPort: rtnetlink.
import { sysctlDevice } from '../../lib/sysctl.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import {
  readAddress,
  writeAddAddress,
  writeDeleteAddress,
  writeDumpAddresses,
} from '../../wire/netlink/route-address.ts';
import { type Link, readLink, writeDumpLinks } from '../../wire/netlink/route-link.ts';
import { type Neighbour, readNeighbour, writeDumpNeighbours } from '../../wire/netlink/route-neighbour.ts';
import { type Route, readRoute, writeDumpRoutes } from '../../wire/netlink/route-route.ts';
import { followersOf, subnetOf } from '../../wire/netlink/subnet.ts';
import type { AddressPort, LinkPort } from '../ports.ts';
import { SysctlFiles } from '../sysctl-files.ts';
import { NETLINK, NetlinkSocket } from './netlink-socket.ts';

export class RouteKernel implements LinkPort, AddressPort {
  readonly #socket = new NetlinkSocket('route', NETLINK.route);

  links(): readonly Link[] {
    return this.#socket.dump({ op: 'RTM_GETLINK' }, writeDumpLinks, readLink);
  }

  addresses(): readonly InterfaceAddress[] {
    return this.#socket.dump({ op: 'RTM_GETADDR' }, writeDumpAddresses, readAddress);
  }

  addAddress(address: InterfaceAddress, how: 'create' | 'replace'): void {
    this.#socket.request({ op: 'RTM_NEWADDR', target: targetOf(address) }, (writer, sequence) =>
      writeAddAddress(writer, sequence, address, how),
    );
  }

  /** Whom it leads stays: the kernel would take them along. */
  removeAddress(address: InterfaceAddress): void {
    if (subnetOf(address) !== undefined && followersOf(address, this.addresses()).length > 0)
      this.#keepFollowers(address.linkIndex);
    this.#socket.request({ op: 'RTM_DELADDR', target: targetOf(address) }, (writer, sequence) =>
      writeDeleteAddress(writer, sequence, address),
    );
  }

  routes(): readonly Route[] {
    return this.#socket.dump({ op: 'RTM_GETROUTE' }, writeDumpRoutes, readRoute);
  }

  neighbours(): readonly Neighbour[] {
    return this.#socket
      .dump({ op: 'RTM_GETNEIGH' }, writeDumpNeighbours, readNeighbour)
      .filter((neighbour) => neighbour !== undefined);
  }

  close(): void {
    this.#socket.close();
  }

  #keepFollowers(linkIndex: number): void {
    const link = this.links().find(({ index }) => index === linkIndex);
    if (link !== undefined)
      new SysctlFiles().set(`net.ipv4.conf.${sysctlDevice(link.name)}.promote_secondaries`, '1');
  }
}

function targetOf(address: InterfaceAddress): string {
  return `${address.address}/${address.prefixLength} dev #${address.linkIndex}`;
}
