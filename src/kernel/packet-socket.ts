// A packet socket of one protocol on one interface.
import type { Link } from '../wire/netlink/route-link.ts';
import { AF, NativeSocket, SOCK } from './native/socket.ts';

/** `struct sockaddr_ll`: family, protocol in network order, interface index. */
export function openPackets(link: Link, etherType: number): NativeSocket {
  // With protocol 0 nothing is received until bind says which, on which interface.
  const socket = new NativeSocket(`packet/${link.name}`, AF.packet, SOCK.raw, 0);
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF.packet, true);
  view.setUint16(2, etherType, false);
  view.setInt32(4, link.index, true);
  try {
    socket.bind(address);
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}
