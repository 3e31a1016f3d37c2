// Addresses of a group that somebody put on its interface although the group is not active here: both nodes would answer.
import { canonicalIp } from '../../lib/ip.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import type { VrrpAddress } from '../vrrp/keepalived-config.ts';
import type { RoutePort } from '../vrrp/presence.ts';

export class Strays {
  readonly #route: RoutePort;
  #met: ReadonlySet<string> = new Set();

  constructor(route: RoutePort) {
    this.#route = route;
  }

  /** Takes off what was met the last time too: a role that moves now is a moment ahead of what we were told of it. */
  clear(groups: readonly { readonly name: string; readonly addresses: readonly VrrpAddress[] }[]): readonly {
    readonly group: string;
    readonly address: string;
  }[] {
    const met = new Set<string>();
    const gone: { group: string; address: string }[] = [];
    for (const { name, addresses } of groups)
      for (const row of this.#rowsOf(addresses)) {
        const key = `${name} ${row.address}/${row.prefixLength}`;
        met.add(key);
        if (!this.#met.has(key)) continue;
        this.#route.removeAddress(row);
        gone.push({ group: name, address: row.address });
      }
    this.#met = met;
    return gone;
  }

  /** Whatever their prefix: who adds one by hand may choose another. */
  #rowsOf(addresses: readonly VrrpAddress[]): readonly InterfaceAddress[] {
    if (addresses.length === 0) return [];
    const names = new Map(this.#route.links().map((link) => [link.index, link.name]));
    return this.#route
      .addresses()
      .filter((row) =>
        addresses.some(
          (one) =>
            names.get(row.linkIndex) === one.interface &&
            canonicalIp(row.address) === canonicalIp(one.address),
        ),
      );
  }
}
