// The real NeighbourPort: Ethernet frames through a packet socket bound to one interface. Needs CAP_NET_RAW.
import { OpError } from '../model/errors.ts';
import { arpAnnouncement, arpProbe, ETHERTYPE_ARP, isArpConflict, readArp } from '../wire/arp.ts';
import { ETHERTYPE_IPV6, neighbourAdvertisement } from '../wire/ndp.ts';
import { fromMac, type Link, toMac } from '../wire/netlink/route-link.ts';
import { AddressEar } from './address-ear.ts';
import { ERRNO } from './native/errno.ts';
import type { NativeSocket } from './native/socket.ts';
import { NeighbourQuestion } from './neighbour-question.ts';
import { openPackets } from './packet-socket.ts';
import type { Ear, NeighbourPort, ProbeOptions, SysctlPort } from './ports.ts';

/** How often the socket is looked at while a probe waits; an answer on a LAN comes within a millisecond. */
const LOOK_MS = 10;
/** Packets read in one look. */
const MOST_READ = 1000;

const NOBODY_THERE = new Set(['ENODEV', 'ENXIO', 'ENETDOWN']);

export class PacketNeighbours implements NeighbourPort {
  readonly #sysctl: SysctlPort;

  constructor(sysctl: SysctlPort) {
    this.#sysctl = sysctl;
  }

  async probe(link: Link, address: string, options: ProbeOptions): Promise<string | undefined> {
    if (address.includes(':')) return probe6(link, address, options);
    const mac = fromMac(link.mac);
    const socket = openPackets(link, ETHERTYPE_ARP);
    try {
      for (let i = 0; i < options.count; i++) {
        socket.send(arpProbe(mac, address));
        const owner = await listenFor(options, (buffer) => hearArp(socket, buffer, address, mac));
        if (owner !== undefined) return owner;
      }
      return undefined;
    } finally {
      socket.close();
    }
  }

  listen(link: Link, addresses: readonly string[], own: readonly string[]): Ear {
    return new AddressEar(link, addresses, own);
  }

  /** Best effort: on an interface that went or was taken down since it was listed there is nobody to tell. */
  announce(link: Link, address: string): void {
    try {
      this.#announce(link, address);
    } catch (error) {
      if (!(error instanceof OpError) || !NOBODY_THERE.has(error.op.errno ?? '')) throw error;
    }
  }

  #announce(link: Link, address: string): void {
    const mac = fromMac(link.mac);
    const isV6 = address.includes(':');
    const socket = openPackets(link, isV6 ? ETHERTYPE_IPV6 : ETHERTYPE_ARP);
    try {
      if (isV6) {
        const forwards = this.#sysctl.get(`net.ipv6.conf.${link.name}.forwarding`) === '1';
        socket.send(neighbourAdvertisement(mac, address, forwards));
      } else {
        socket.send(arpAnnouncement(mac, address, 'request'));
        socket.send(arpAnnouncement(mac, address, 'reply'));
      }
    } finally {
      socket.close();
    }
  }
}

async function probe6(link: Link, address: string, options: ProbeOptions): Promise<string | undefined> {
  const question = new NeighbourQuestion(link, address);
  try {
    for (let i = 0; i < options.count; i++) {
      if (!question.ask()) return undefined;
      const owner = await listenFor(options, (buffer) => question.hear(buffer));
      if (owner !== undefined) return owner;
    }
    return undefined;
  } finally {
    question.close();
  }
}

/** A hardware address, undefined for what tells none, `empty` where nothing is to read. */
function hearArp(
  socket: NativeSocket,
  buffer: Uint8Array,
  address: string,
  mac: Uint8Array,
): string | undefined | 'empty' {
  const length = socket.receive(buffer, false);
  if (length === -ERRNO.EINTR) return undefined;
  if (length < 0) return 'empty';
  const packet = readArp(buffer.subarray(0, Math.min(length, buffer.length)));
  return packet !== undefined && isArpConflict(packet, address, mac) ? toMac(packet.senderMac) : undefined;
}

async function listenFor(
  { waitMs, own = [] }: ProbeOptions,
  hear: (buffer: Uint8Array) => string | undefined | 'empty',
): Promise<string | undefined> {
  const buffer = new Uint8Array(2048);
  const end = performance.now() + waitMs;
  for (;;) {
    // No longer than we wait anyway, however much comes in.
    for (let read = 0; read < MOST_READ; read++) {
      const heard = hear(buffer);
      if (heard === 'empty') break;
      if (heard !== undefined && !own.includes(heard)) return heard;
    }
    const left = end - performance.now();
    if (left <= 0) return undefined;
    await new Promise<void>((resolve) => setTimeout(resolve, Math.min(LOOK_MS, left)));
  }
}
