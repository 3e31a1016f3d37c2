// The node's links, routes and neighbours, read together and kept until asked to look again; and waking the kernel's
// neighbour discovery, which traffic that XDP forwards never does.
import { createSocket } from 'node:dgram';
import { RouteKernel } from '../../kernel/netlink/route-kernel.ts';
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import type { Link } from '../../wire/netlink/route-link.ts';
import { HopFinder, type NextHop } from './next-hop.ts';

/** Discard (RFC 863): a datagram there asks for nothing but the address under it. */
const DISCARD_PORT = 9;
/** Neighbours asked for at once. */
const ASK_MAX = 256;

export class Surroundings {
  readonly #kernel: RouteKernel;
  #finder: HopFinder | undefined;
  #links: readonly Link[] | undefined;
  #known = new Map<string, NextHop | undefined>();
  #addresses: readonly InterfaceAddress[] | undefined;
  #own: ReadonlySet<string> = new Set();

  constructor(kernel: RouteKernel = new RouteKernel()) {
    this.#kernel = kernel;
  }

  lookAgain(): void {
    const kernel = this.#kernel;
    this.#links = kernel.links();
    const addresses = kernel.addresses();
    this.#addresses = addresses;
    this.#own = new Set(addresses.map(({ address }) => address));
    this.#finder = new HopFinder({
      links: this.#links,
      routes: kernel.routes(),
      neighbours: kernel.neighbours(),
      addresses,
    });
    this.#known = new Map();
  }

  hopOf(address: string): NextHop | undefined {
    if (this.#finder === undefined) this.lookAgain();
    if (!this.#known.has(address)) this.#known.set(address, this.#finder!.find(address));
    return this.#known.get(address);
  }

  /** Whether an interface of the node has the address. */
  isOwn(address: string): boolean {
    if (this.#finder === undefined) this.lookAgain();
    return this.#own.has(address);
  }

  /** The node's own addresses on a link, for ICMP errors of ours. */
  ownAddresses(linkIndex: number): { readonly own4?: string; readonly own6?: string } {
    this.#addresses ??= this.#kernel.addresses();
    const own = this.#addresses.filter((one) => one.linkIndex === linkIndex);
    const own4 = own.find(({ address }) => !address.includes(':'))?.address;
    const own6 = own.find(({ address }) => address.includes(':') && !address.startsWith('fe80:'))?.address;
    return { ...(own4 === undefined ? {} : { own4 }), ...(own6 === undefined ? {} : { own6 }) };
  }

  links(): readonly Link[] {
    this.#links ??= this.#kernel.links();
    return this.#links;
  }

  linkOf(name: string): Link | undefined {
    return this.links().find((link) => link.name === name);
  }

  async ask(unknown: readonly NextHop[]): Promise<void> {
    const asked = unknown.slice(0, ASK_MAX);
    for (const family of ['udp4', 'udp6'] as const) {
      const hops = asked.filter(({ neighbour }) => neighbour.includes(':') === (family === 'udp6'));
      if (hops.length === 0) continue;
      const socket = createSocket(family);
      // Who is not there stays unknown and is asked again; nothing else depends on the answer.
      socket.on('error', () => undefined);
      await Promise.all(
        hops.map(
          ({ neighbour }) =>
            new Promise<void>((resolve) => {
              socket.send(new Uint8Array(0), DISCARD_PORT, neighbour, () => resolve());
            }),
        ),
      );
      socket.close();
    }
  }

  close(): void {
    this.#kernel.close();
  }
}
