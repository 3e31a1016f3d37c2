// The real LinkPort and AddressPort: rtnetlink.
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
import type { AddressPort, LinkPort } from '../ports.ts';
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

  removeAddress(address: InterfaceAddress): void {
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
}

function targetOf(address: InterfaceAddress): string {
  return `${address.address}/${address.prefixLength} dev #${address.linkIndex}`;
}
