// The addresses of groups by their roles: put, left for a moment, or taken off where no VRRP program does so, and told again to
// neighbours that may have learned another holder.
import type { NeighbourPort } from '../../kernel/ports.ts';
import type { Clock } from '../../lib/clock.ts';
import type { HaGroup } from '../../model/ha.ts';
import type { Intent } from '../../model/intent.ts';
import type { GroupKeeper } from '../group-keeper.ts';
import type { Troubles } from '../troubles.ts';
import type { RoutePort } from '../vrrp/presence.ts';
import { addressesOf, isRouted } from './announcements.ts';
import { AddressCarrier } from './carrier.ts';
import { Strays } from './strays.ts';

export interface GroupAddressesOptions {
  readonly clock: Clock;
  readonly route: RoutePort;
  readonly neighbours?: NeighbourPort;
  readonly troubles: Troubles;
  /** A peer was heard to say that it has what this node carries. */
  readonly facts: { readonly claimed: boolean };
}

/**
 * How long an address stays after its role was given up to a node that is there: it takes over meanwhile, if it did not say already
 * that it has. One that was deaf and hears again announces itself when the session is up, a tenth of a second after we left it the role.
 */
const OVERLAP_MS = 300;
/** Routers need this long to forget a route that was withdrawn before what it led to may go. */
export const WITHDRAW_MS = 1000;

export class GroupAddresses {
  readonly #options: GroupAddressesOptions;
  readonly #carrier: AddressCarrier;
  readonly #strays: Strays;
  readonly #drops = new Map<string, () => void>();

  constructor(options: GroupAddressesOptions) {
    this.#options = options;
    this.#carrier = new AddressCarrier(options);
    this.#strays = new Strays(options.route);
  }

  /** True when an earlier life of ours left them here. */
  holds(group: HaGroup, intent: Intent): boolean {
    return group.chooser !== 'vrrp' && !isRouted(group) && this.#carrier.holds(addressesOf(group, intent));
  }

  /** Routed groups hold their addresses as standby too: traffic comes when routes say so, before anybody tells us. */
  carry({ fact, group }: GroupKeeper, intent: Intent): void {
    if (group.chooser === 'vrrp') return;
    const addresses = addressesOf(group, intent);
    this.#drops.get(group.name)?.();
    this.#drops.delete(group.name);
    const routed = isRouted(group);
    if (fact.role === 'active' || (routed && fact.role === 'standby' && fact.reason !== 'NotReady')) {
      this.#guard(group, () => this.#carrier.put(addresses, group.garpCount));
      return;
    }
    if (fact.reason === 'NotReady') return;
    this.#carrier.hush(addresses);
    const overlaps = fact.role === 'standby' && !this.#options.facts.claimed;
    const waitMs = routed ? WITHDRAW_MS : overlaps ? OVERLAP_MS : 0;
    const drop = (): void => this.#guard(group, () => this.#carrier.drop(addresses));
    if (waitMs === 0) drop();
    else
      this.#drops.set(
        group.name,
        this.#options.clock.after(waitMs, () => {
          this.#drops.delete(group.name);
          drop();
        }),
      );
  }

  drop(group: HaGroup, intent: Intent): void {
    if (group.chooser !== 'vrrp') this.#carrier.drop(addressesOf(group, intent));
  }

  /** VIPs that left the group; keepalived does so by itself for its own. */
  dropRemoved({ group, name }: GroupKeeper, before: Intent, now: Intent): void {
    if (group.chooser === 'vrrp') return;
    const earlier = before.ha?.groups.find((one) => one.name === name);
    const stay = new Set(addressesOf(group, now).map((one) => one.address));
    const gone =
      earlier === undefined ? [] : addressesOf(earlier, before).filter((one) => !stay.has(one.address));
    this.#guard(group, () => this.#carrier.drop(gone));
  }

  /** The other holder learns of us and lets go at any moment now: neighbours must come back to us. */
  announce({ group }: GroupKeeper, intent: Intent): void {
    this.#guard(group, () => this.#carrier.announce(addressesOf(group, intent), group.garpCount));
  }

  /** Takes addresses off that stand here although their group is not active; `keepers` have had time to let go. */
  clearStrays(keepers: readonly GroupKeeper[], intent: Intent): void {
    const away = keepers.filter(
      ({ fact, group, name }) =>
        fact.role !== 'active' && fact.reason !== 'NotReady' && !isRouted(group) && !this.#drops.has(name),
    );
    const { troubles } = this.#options;
    troubles.guard('addresses of others', () => {
      const groups = away.map(({ name, group }) => ({ name, addresses: addressesOf(group, intent) }));
      for (const { group, address } of this.#strays.clear(groups)) {
        const detail = `it stood on this node although group ${group} is not active here; it was taken off`;
        troubles.note(`address ${address}`, detail);
      }
    });
  }

  close(): void {
    for (const cancel of this.#drops.values()) cancel();
    this.#carrier.close();
  }

  #guard({ name }: HaGroup, act: () => void): void {
    this.#options.troubles.guard(`addresses of ${name}`, act);
  }
}
