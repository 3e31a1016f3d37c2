// Interfaces, addresses and neighbours without a kernel: holds state, refuses as the kernel refuses, fails on command.
import type { InterfaceAddress } from '../../wire/netlink/route-address.ts';
import type { Link } from '../../wire/netlink/route-link.ts';
import { ADDRESS_FLAG, LINK_FLAG } from '../../wire/netlink/route-numbers.ts';
import { followersOf, subnetOf } from '../../wire/netlink/subnet.ts';
import { ERRNO, errnoOf } from '../native/errno.ts';
import { toOpError } from '../op-error.ts';
import type { AddressPort, Ear, LinkPort, NeighbourPort } from '../ports.ts';

export class FakeRoute implements LinkPort, AddressPort, NeighbourPort {
  readonly #links: Link[] = [];
  readonly #addresses = new Map<string, InterfaceAddress>();
  readonly #faults = new Map<string, number>();
  /** Who else on the wire holds an address: address to hardware address. */
  readonly owners = new Map<string, string>();
  /** `192.0.2.10 on eth0`, in order. */
  readonly announced: string[] = [];
  readonly probed: string[] = [];
  /** Addresses that somebody else claims, until they are heard. */
  readonly claimed: string[] = [];
  /** `192.0.2.10 on eth0`: what is listened for now. */
  readonly heard = new Set<string>();
  /** False plays a kernel before 5.18, which forgets the protocol mark. */
  keepsProtocol = true;

  addLink(name: string, flags: number = LINK_FLAG.up | LINK_FLAG.running | LINK_FLAG.broadcast): Link {
    const index = this.#links.length + 1;
    const mac = `02:00:00:00:00:${index.toString(16).padStart(2, '0')}`;
    const link = { index, name, flags, mac, mtu: 1500, master: 0, type: '' };
    this.#links.push(link);
    return link;
  }

  /** The cable of a link is pulled, or back. */
  setCarrier(name: string, on: boolean): void {
    const at = this.#links.findIndex((link) => link.name === name);
    const link = this.#links[at]!;
    const flags = on ? link.flags | LINK_FLAG.running : link.flags & ~LINK_FLAG.running;
    this.#links[at] = { ...link, flags };
  }

  /** The next change of this address fails. */
  failOn(address: string, errno: string): void {
    this.#faults.set(address, errnoOf(errno));
  }

  /** `192.0.2.10/32 dev eth0 proto 76`, sorted; ` deprecated` after what is no source. */
  print(): string {
    return [...this.#addresses.values()]
      .map(
        (one) =>
          `${one.address}/${one.prefixLength} dev ${this.#nameOf(one.linkIndex)} proto ${one.protocol}` +
          (one.preferredSeconds === 0 ? ' deprecated' : ''),
      )
      .sort()
      .join('\n');
  }

  links(): readonly Link[] {
    return this.#links;
  }

  addresses(): readonly InterfaceAddress[] {
    return [...this.#addresses.values()];
  }

  addAddress(address: InterfaceAddress, how: 'create' | 'replace'): void {
    this.#failIfFaulty('RTM_NEWADDR', address);
    const key = keyOf(address);
    if (how === 'create' && this.#addresses.has(key)) this.#refuse('RTM_NEWADDR', address, ERRNO.EEXIST);
    if (!this.#links.some((link) => link.index === address.linkIndex))
      this.#refuse('RTM_NEWADDR', address, ERRNO.ENODEV);
    const tentative =
      address.address.includes(':') &&
      (address.flags & ADDRESS_FLAG.noDad) === 0 &&
      this.owners.has(address.address)
        ? ADDRESS_FLAG.dadFailed | ADDRESS_FLAG.tentative
        : 0;
    const subnet = subnetOf(address);
    const follows = subnet !== undefined && this.addresses().some((one) => subnetOf(one) === subnet);
    this.#addresses.set(key, {
      ...address,
      flags: address.flags | ADDRESS_FLAG.permanent | tentative | (follows ? ADDRESS_FLAG.secondary : 0),
      protocol: this.keepsProtocol ? address.protocol : 0,
    });
  }

  removeAddress(address: InterfaceAddress): void {
    this.#failIfFaulty('RTM_DELADDR', address);
    const [next] = followersOf(address, this.addresses());
    if (!this.#addresses.delete(keyOf(address))) this.#refuse('RTM_DELADDR', address, ERRNO.EADDRNOTAVAIL);
    // As the real one has told the kernel to.
    if (next !== undefined)
      this.#addresses.set(keyOf(next), { ...next, flags: next.flags & ~ADDRESS_FLAG.secondary });
  }

  async probe(link: Link, address: string): Promise<string | undefined> {
    this.probed.push(`${address} on ${link.name}`);
    return this.owners.get(address);
  }

  announce(link: Link, address: string): void {
    this.announced.push(`${address} on ${link.name}`);
  }

  listen(link: Link, addresses: readonly string[]): Ear {
    const names = addresses.map((address) => `${address} on ${link.name}`);
    for (const name of names) this.heard.add(name);
    return {
      hear: () => this.claimed.splice(0).filter((address) => addresses.includes(address)),
      close: () => {
        for (const name of names) this.heard.delete(name);
      },
    };
  }

  close(): void {}

  #nameOf(index: number): string {
    return this.#links.find((link) => link.index === index)?.name ?? `#${index}`;
  }

  #failIfFaulty(op: string, address: InterfaceAddress): void {
    const errno = this.#faults.get(address.address);
    if (errno === undefined) return;
    this.#faults.delete(address.address);
    this.#refuse(op, address, errno);
  }

  #refuse(op: string, address: InterfaceAddress, errno: number): never {
    throw toOpError({ op, target: `${address.address}/${address.prefixLength}`, errno });
  }
}

function keyOf(address: InterfaceAddress): string {
  return `${address.address}/${address.prefixLength} dev ${address.linkIndex}`;
}
