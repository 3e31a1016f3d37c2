// The narrow doors to the operating system. Each has a real side (netlink, processes, files) and a fake that holds state.
import type { OpError } from '../model/errors.ts';
import type { IpvsInfo, IpvsTimeouts } from '../wire/netlink/ipvs-control.ts';
import type { IpvsDaemon } from '../wire/netlink/ipvs-daemon.ts';
import type { IpvsDestination, IpvsDestinationRow } from '../wire/netlink/ipvs-destination.ts';
import type { IpvsService, IpvsServiceKey, IpvsServiceRow } from '../wire/netlink/ipvs-service.ts';
import type { InterfaceAddress } from '../wire/netlink/route-address.ts';
import type { Link } from '../wire/netlink/route-link.ts';

export type IpvsCommand =
  | { readonly kind: 'add-service' | 'set-service'; readonly service: IpvsService }
  | { readonly kind: 'delete-service' | 'zero-service'; readonly key: IpvsServiceKey }
  | {
      readonly kind: 'add-destination' | 'set-destination';
      readonly service: IpvsServiceKey;
      readonly destination: IpvsDestination;
    }
  | {
      readonly kind: 'delete-destination';
      readonly service: IpvsServiceKey;
      readonly destination: Pick<IpvsDestination, 'address' | 'port'>;
    };

export interface IpvsTableEntry {
  readonly service: IpvsServiceRow;
  readonly destinations: readonly IpvsDestinationRow[];
}

/** The kernel's IPVS table of this network namespace. Every method throws OpError where the kernel refuses. */
export interface IpvsPort {
  /** Version and table size; IPVS_MISSING where the kernel has no IPVS. */
  info(): IpvsInfo;
  /** The whole table, with counters where asked (they double the cost). */
  table(withStats: boolean): Promise<readonly IpvsTableEntry[]>;
  /** The table as /proc/net/ip_vs shows it, in one cheap read; undefined where there is no such file. */
  procText(): string | undefined;
  /** One service with its destinations, without counters; undefined where there is none. */
  entry(key: IpvsServiceKey): IpvsTableEntry | undefined;
  /** In order, in few sends; exactly one result per command, undefined is success. One refusal does not stop the rest. */
  execute(commands: readonly IpvsCommand[]): Promise<readonly (OpError | undefined)[]>;
  timeouts(): IpvsTimeouts;
  setTimeouts(timeouts: IpvsTimeouts): void;
  /** Running sync daemons: none, a master, a backup, or both. */
  daemons(): readonly IpvsDaemon[];
  startDaemon(daemon: IpvsDaemon): void;
  stopDaemon(role: IpvsDaemon['role']): void;
  close(): void;
}

export interface LinkPort {
  links(): readonly Link[];
  close(): void;
}

export interface AddressPort {
  addresses(): readonly InterfaceAddress[];
  /** `replace` changes flags and mark of one that exists. */
  addAddress(address: InterfaceAddress, how: 'create' | 'replace'): void;
  removeAddress(address: InterfaceAddress): void;
}

/** Link-layer frames: asking whether an IPv4 address is taken, and saying that one is ours. */
export interface NeighbourPort {
  /** Hardware address of who else holds (or probes for) the address, or undefined after a silent wait. */
  probe(link: Link, address: string, options: ProbeOptions): Promise<string | undefined>;
  /** Gratuitous ARP in both forms, or an unsolicited neighbour advertisement. */
  announce(link: Link, address: string): void;
  /** Who else says from now on that it has one of them; `own`: hardware addresses of this machine. */
  listen(link: Link, addresses: readonly string[], own: readonly string[]): Ear;
}

export interface Ear {
  /** Addresses that others claimed since it was asked last. Never waits. */
  hear(): readonly string[];
  close(): void;
}

export interface ProbeOptions {
  readonly count: number;
  /** Between probes, and after the last one. */
  readonly waitMs: number;
  /**
   * Hardware addresses of this machine's links: Linux answers on each of them for the addresses of all, and two links into one
   * network hear each other.
   */
  readonly own?: readonly string[];
}

/** One object of `nft -j`: a command on the way in, a table, chain, map, rule or element on the way out. */
export type NftObject = Readonly<Record<string, unknown>>;

export interface NftPort {
  /** Changes whenever anybody changes the ruleset: as long as it stands still, what was listed before still holds. */
  generation(): number;
  /** Everything in one table, or undefined where there is no such table. */
  listTable(family: string, name: string): Promise<readonly NftObject[] | undefined>;
  /** One transaction: all of it or nothing. */
  run(commands: readonly NftObject[]): Promise<void>;
  close(): void;
}

export interface SysctlPort {
  /** Undefined where this kernel has no such setting. Names are dotted: `net.ipv4.vs.conntrack`. */
  get(name: string): string | undefined;
  set(name: string, value: string): void;
}
