// Hears on one link who else says that addresses of ours are its own. Nothing is asked: what came in waits in the kernel until read.
import { Buffer } from 'node:buffer';
import { canonicalIp, toBytes } from '../lib/ip.ts';
import { ARP_FRAME_SIZE, ETHERTYPE_ARP, readArp } from '../wire/arp.ts';
import { readAdvertisement } from '../wire/ndp.ts';
import { type Link, toMac } from '../wire/netlink/route-link.ts';
import { ERRNO } from './native/errno.ts';
import type { NativeSocket } from './native/socket.ts';
import { openAdvertisements } from './neighbour-question.ts';
import { openPackets } from './packet-socket.ts';
import type { Ear } from './ports.ts';

/** Packets read in one look. */
const MOST_READ = 1000;

export class AddressEar implements Ear {
  readonly #sockets: NativeSocket[] = [];
  readonly #readers: (() => readonly string[])[] = [];
  readonly #own: ReadonlySet<string>;
  readonly #buffer = new Uint8Array(2048);

  /** `own`: hardware addresses of this machine, whose packets come back on some bridges. */
  constructor(link: Link, addresses: readonly string[], own: readonly string[]) {
    this.#own = new Set(own);
    const v4 = addresses.filter((address) => !address.includes(':'));
    const v6 = addresses.filter((address) => address.includes(':')).map(canonicalIp);
    try {
      if (v4.length > 0)
        this.#hearOn(openPackets(link, ETHERTYPE_ARP), (packet) => this.#readArp(packet, v4));
      if (v6.length > 0) this.#hearOn(openAdvertisements(link), (packet) => this.#readNdp(packet, v6));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  hear(): readonly string[] {
    return this.#readers.flatMap((read) => read());
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
    this.#sockets.length = 0;
    this.#readers.length = 0;
  }

  #hearOn(socket: NativeSocket, claimOf: (packet: Uint8Array) => string | undefined): void {
    this.#sockets.push(socket);
    this.#readers.push(() => {
      const claimed = new Set<string>();
      for (let read = 0; read < MOST_READ; read++) {
        const length = socket.receive(this.#buffer, false);
        if (length === -ERRNO.EINTR) continue;
        if (length < 0) break;
        const address = claimOf(this.#buffer.subarray(0, Math.min(length, this.#buffer.length)));
        if (address !== undefined) claimed.add(address);
      }
      return [...claimed];
    });
  }

  #readArp(frame: Uint8Array, addresses: readonly string[]): string | undefined {
    if (frame.length < ARP_FRAME_SIZE) return undefined;
    const packet = readArp(frame);
    if (packet === undefined || this.#own.has(toMac(packet.senderMac))) return undefined;
    return addresses.find((address) => address === packet.senderAddress);
  }

  #readNdp(message: Uint8Array, addresses: readonly string[]): string | undefined {
    const told = readAdvertisement(message);
    if (told === undefined || told.linkAddress.length !== 6 || this.#own.has(toMac(told.linkAddress)))
      return undefined;
    return addresses.find((address) => Buffer.compare(toBytes(address), told.target) === 0);
  }
}
