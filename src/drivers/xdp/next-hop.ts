// Where a member is on the link layer: its route by longest prefix, the neighbour behind it, the interface's own
// addresses. Pure, over what the kernel was asked for once.
import { familyOf } from '../../lib/ip.ts';
import { contains, type Prefix } from '../../lib/prefix.ts';
import type { Link } from '../../wire/netlink/route-link.ts';
import type { Hop } from './rows.ts';

export type HopLink = Pick<Link, 'index' | 'mac' | 'mtu' | 'vlan'>;

export interface HopRoute {
  readonly family: 4 | 6;
  readonly destination: string;
  readonly prefixLength: number;
  readonly table: number;
  readonly type: number;
  readonly linkIndex: number;
  readonly gateway: string;
  readonly preferredSource: string;
  readonly priority: number;
}

export interface HopNeighbour {
  readonly address: string;
  readonly mac: string;
  readonly linkIndex: number;
  readonly state: number;
}

export interface HopAddress {
  readonly address: string;
  readonly prefixLength: number;
  readonly linkIndex: number;
}

export interface HopView {
  readonly links: readonly HopLink[];
  readonly routes: readonly HopRoute[];
  readonly neighbours: readonly HopNeighbour[];
  readonly addresses: readonly HopAddress[];
}

export interface NextHop {
  /** Absent while the neighbour's MAC address is not known. */
  readonly hop?: Hop;
  /** Whom to ask about: the gateway, or the member itself. */
  readonly neighbour: string;
  readonly linkIndex: number;
  /** Where frames leave and answers come in: of a VLAN, the link under it. */
  readonly portIndex: number;
  /** The node's own address towards it. */
  readonly source?: string;
}

const RT_TABLE_MAIN = 254;
const RTN_UNICAST = 1;
const ETH_P_8021Q = 0x8100;
/** NUD_REACHABLE, STALE, DELAY, PROBE, NOARP and PERMANENT: states in which the kernel itself would use the address. */
const NUD_USABLE = 0x02 | 0x04 | 0x08 | 0x10 | 0x40 | 0x80;

export class HopFinder {
  readonly #view: HopView;
  /** Longest prefix first, then the lowest priority. */
  readonly #routes: Readonly<Record<4 | 6, readonly { readonly prefix: Prefix; readonly route: HopRoute }[]>>;
  readonly #neighbours: ReadonlyMap<string, HopNeighbour>;
  readonly #links: ReadonlyMap<number, HopLink>;

  constructor(view: HopView) {
    this.#view = view;
    const routes = view.routes
      .filter((route) => route.table === RT_TABLE_MAIN && route.type === RTN_UNICAST)
      .map((route) => ({ route, prefix: toPrefix(route) }))
      .sort((a, b) => b.prefix.length - a.prefix.length || a.route.priority - b.route.priority);
    this.#routes = {
      4: routes.filter(({ route }) => route.family === 4),
      6: routes.filter(({ route }) => route.family === 6),
    };
    this.#neighbours = new Map(view.neighbours.map((one) => [`${one.linkIndex} ${one.address}`, one]));
    this.#links = new Map(view.links.map((link) => [link.index, link]));
  }

  /** Undefined where no route leads. */
  find(address: string): NextHop | undefined {
    const family = familyOf(address);
    if (family === undefined) return undefined;
    const found = this.#routes[family].find(({ prefix }) => contains(prefix, address));
    if (found === undefined) return undefined;
    const { route } = found;
    const neighbour = route.gateway === '' ? address : route.gateway;
    const link = this.#links.get(route.linkIndex);
    const known = this.#neighbours.get(`${route.linkIndex} ${neighbour}`);
    const source = route.preferredSource || this.#sourceOn(route.linkIndex, neighbour, family);
    const port = link === undefined ? undefined : this.#portOf(link);
    const base = {
      neighbour,
      linkIndex: route.linkIndex,
      portIndex: port?.index ?? route.linkIndex,
      ...(source === undefined ? {} : { source }),
    };
    if (
      link === undefined ||
      port === undefined ||
      known === undefined ||
      !(known.state & NUD_USABLE) ||
      known.mac === ''
    )
      return base;
    return {
      ...base,
      hop: {
        destinationMac: known.mac,
        sourceMac: link.mac,
        ifindex: port.index,
        vlan: port.vlan,
        mtu: Math.min(link.mtu, 65_535),
      },
    };
  }

  /** Kernels send no frame of XDP into a VLAN: it has to leave by the link below, with the tag in it. The program writes one. */
  #portOf({ index, vlan }: HopLink): { readonly index: number; readonly vlan: number } | undefined {
    if (vlan === undefined) return { index, vlan: 0 };
    const lower = this.#links.get(vlan.lower);
    if (lower === undefined || lower.vlan !== undefined || vlan.protocol !== ETH_P_8021Q) return undefined;
    return { index: lower.index, vlan: vlan.id };
  }

  /** The interface's address in the neighbour's network, or its first of that family that is not link-local. */
  #sourceOn(linkIndex: number, neighbour: string, family: 4 | 6): string | undefined {
    const own = this.#view.addresses.filter(
      (one) => one.linkIndex === linkIndex && familyOf(one.address) === family,
    );
    const near = own.find(({ address, prefixLength }) =>
      contains({ address, length: prefixLength, family }, neighbour),
    );
    return (near ?? own.find(({ address }) => !address.startsWith('fe80:')))?.address;
  }
}

function toPrefix(route: HopRoute): Prefix {
  const none = route.family === 4 ? '0.0.0.0' : '::';
  return {
    address: route.destination === '' ? none : route.destination,
    length: route.prefixLength,
    family: route.family,
  };
}
