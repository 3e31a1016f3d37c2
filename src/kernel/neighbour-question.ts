// Asks who has an IPv6 address (RFC 4861 section 7.2), over an ICMPv6 socket that hears neighbour advertisements and nothing else.
import { Buffer } from 'node:buffer';
import { canonicalIp, toBytes } from '../lib/ip.ts';
import { OpError } from '../model/errors.ts';
import { NEIGHBOUR_ADVERTISEMENT, neighbourSolicitation, readAdvertisement } from '../wire/ndp.ts';
import { fromMac, type Link, toMac } from '../wire/netlink/route-link.ts';
import { AF, int32, NativeSocket, SOCK } from './native/socket.ts';

const PROTOCOL_ICMPV6 = 58;
const SOL_SOCKET = 1;
const BIND_TO_DEVICE = 25;
const SOL_IPV6 = 41;
const MULTICAST_IF = 17;
const MULTICAST_HOPS = 18;
const MULTICAST_LOOP = 19;
const ICMP6_FILTER = 1;
/** Receivers drop anything else: proof that no router passed it on. */
const HOPS = 255;

export class NeighbourQuestion {
  readonly #socket: NativeSocket;
  readonly #address: string;
  readonly #mac: Uint8Array;
  readonly #index: number;

  constructor(link: Link, address: string) {
    this.#address = canonicalIp(address);
    this.#mac = fromMac(link.mac);
    this.#index = link.index;
    this.#socket = openAdvertisements(link);
    try {
      this.#socket.setOption(SOL_IPV6, MULTICAST_IF, int32(link.index));
      this.#socket.setOption(SOL_IPV6, MULTICAST_HOPS, int32(HOPS));
      // We may hold the address too: our own kernel is not asked.
      this.#socket.setOption(SOL_IPV6, MULTICAST_LOOP, int32(0));
    } catch (error) {
      this.#socket.close();
      throw error;
    }
  }

  /** False where this interface has no IPv6 address to ask from. */
  ask(): boolean {
    try {
      this.#socket.sendTo(neighbourSolicitation(this.#mac, this.#address), this.#solicitedNode());
      return true;
    } catch (error) {
      if (error instanceof OpError && error.op.errno === 'EADDRNOTAVAIL') return false;
      throw error;
    }
  }

  /** What came since: somebody else's hardware address, undefined where it says nothing of ours, `empty` where nothing came. */
  hear(buffer: Uint8Array): string | undefined | 'empty' {
    const length = this.#socket.receive(buffer, false);
    if (length < 0) return 'empty';
    const answer = readAdvertisement(buffer.subarray(0, Math.min(length, buffer.length)));
    if (answer === undefined || answer.linkAddress.length !== 6) return undefined;
    if (Buffer.compare(answer.target, toBytes(this.#address)) !== 0) return undefined;
    return Buffer.compare(answer.linkAddress, this.#mac) === 0 ? undefined : toMac(answer.linkAddress);
  }

  close(): void {
    this.#socket.close();
  }

  /** `struct sockaddr_in6` of ff02::1:ff00:0/104 with the last three bytes of the address. */
  #solicitedNode(): Uint8Array {
    const to = new Uint8Array(28);
    const view = new DataView(to.buffer);
    view.setUint16(0, AF.inet6, true);
    to.set(toBytes('ff02::1:ff00:0'), 8);
    to.set(toBytes(this.#address).subarray(13), 21);
    view.setUint32(24, this.#index, true);
    return to;
  }
}

/** A socket that hears neighbour advertisements on that link, and nothing else. */
export function openAdvertisements(link: Link): NativeSocket {
  const socket = new NativeSocket(`icmp6/${link.name}`, AF.inet6, SOCK.raw, PROTOCOL_ICMPV6);
  try {
    socket.setOption(SOL_SOCKET, BIND_TO_DEVICE, Buffer.from(`${link.name}\0`));
    socket.setOption(PROTOCOL_ICMPV6, ICMP6_FILTER, passOnly(NEIGHBOUR_ADVERTISEMENT));
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}

/** `struct icmp6_filter`: a set bit blocks its type. */
function passOnly(type: number): Uint8Array {
  const filter = new Uint8Array(32).fill(0xff);
  filter[type >> 3]! &= ~(1 << (type & 7));
  return filter;
}
