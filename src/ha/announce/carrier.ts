// Carries addresses of groups that no VRRP program carries: on the interface and told to the neighbours within a millisecond.
import type { NeighbourPort } from '../../kernel/ports.ts';
import type { Clock } from '../../lib/clock.ts';
import { canonicalIp } from '../../lib/ip.ts';
import { OpError } from '../../model/errors.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import { hasNeighbours, isUp, type Link } from '../../wire/netlink/route-link.ts';
import { ADDRESS_FLAG } from '../../wire/netlink/route-numbers.ts';
import type { VrrpAddress } from '../vrrp/keepalived-config.ts';
import type { RoutePort } from '../vrrp/presence.ts';

/** IFA_PROTO of what we put here; one beside that of the address driver, so that neither takes the other's away. */
export const HA_PROTOCOL = 0x4d;

export interface CarrierOptions {
  readonly route: RoutePort;
  readonly neighbours?: NeighbourPort;
  readonly clock: Clock;
}

/** Again after this long: a switch or neighbour may have missed the first. */
const AGAIN_MS = [100, 1000, 5000];

export class AddressCarrier {
  readonly #options: CarrierOptions;
  readonly #repeats = new Map<string, () => void>();

  constructor(options: CarrierOptions) {
    this.#options = options;
  }

  /** True when all of them are here already, put by us in an earlier life perhaps. */
  holds(addresses: readonly VrrpAddress[]): boolean {
    return addresses.length > 0 && addresses.every((one) => this.#rowOf(one) !== undefined);
  }

  /** No probe before: two nodes deciding by rule must not wait for each other's silence. */
  put(addresses: readonly VrrpAddress[], announceCount: number): void {
    for (const one of addresses) {
      const link = this.#link(one);
      if (this.#rowOf(one) === undefined) this.#options.route.addAddress(toRow(one, link), 'replace');
      this.#announce(one, link, announceCount);
      this.#announceAgain(one, 0);
    }
  }

  /** Whoever has put them here: neighbours that learned another holder come back. */
  announce(addresses: readonly VrrpAddress[], count: number): void {
    for (const one of addresses) {
      if (this.#rowOf(one) === undefined) continue;
      this.#announce(one, this.#link(one), count);
      this.#announceAgain(one, 0);
    }
  }

  /** Another one has them from now on, though they stay here for a moment: to announce them again would call neighbours back. */
  hush(addresses: readonly VrrpAddress[]): void {
    for (const { address } of addresses) {
      this.#repeats.get(address)?.();
      this.#repeats.delete(address);
    }
  }

  drop(addresses: readonly VrrpAddress[]): void {
    this.hush(addresses);
    for (const one of addresses) {
      const row = this.#rowOf(one);
      if (row === undefined) continue;
      try {
        this.#options.route.removeAddress(row);
      } catch (error) {
        if (
          !(error instanceof OpError) ||
          (error.op.errno !== 'EADDRNOTAVAIL' && error.op.errno !== 'ENODEV')
        )
          throw error;
      }
    }
  }

  close(): void {
    for (const cancel of this.#repeats.values()) cancel();
    this.#repeats.clear();
  }

  #announce(one: VrrpAddress, link: Link, count: number): void {
    const { neighbours } = this.#options;
    if (neighbours === undefined || !isUp(link) || !hasNeighbours(link)) return;
    for (let i = 0; i < count; i++) neighbours.announce(link, one.address);
  }

  #announceAgain(one: VrrpAddress, round: number): void {
    this.hush([one]);
    const wait = AGAIN_MS[round];
    if (wait === undefined) return;
    const cancel = this.#options.clock.after(wait, () => {
      const link = this.#options.route.links().find((other) => other.name === one.interface);
      if (link === undefined || this.#rowOf(one) === undefined) return;
      this.#announce(one, link, 1);
      this.#announceAgain(one, round + 1);
    });
    this.#repeats.set(one.address, cancel);
  }

  #link(one: VrrpAddress): Link {
    const link = this.#options.route.links().find((other) => other.name === one.interface);
    if (link !== undefined) return link;
    throw new OpError('INTERFACE_MISSING', `Cannot use interface "${one.interface}" as it does not exist`, {
      op: 'RTM_GETLINK',
      target: one.interface,
      errno: 'ENODEV',
    });
  }

  #rowOf(one: VrrpAddress): InterfaceAddress | undefined {
    const { route } = this.#options;
    const index = route.links().find((other) => other.name === one.interface)?.index;
    return route
      .addresses()
      .find(
        (row) =>
          row.linkIndex === index &&
          row.prefixLength === one.prefixLength &&
          canonicalIp(row.address) === canonicalIp(one.address),
      );
  }
}

function toRow(one: VrrpAddress, link: Link): InterfaceAddress {
  return {
    address: one.address,
    prefixLength: one.prefixLength,
    linkIndex: link.index,
    // Waiting a second for duplicates would be a second of outage; the election decided already.
    flags: one.address.includes(':') ? ADDRESS_FLAG.noDad : 0,
    protocol: HA_PROTOCOL,
    label: '',
  };
}
