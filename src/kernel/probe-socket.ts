// Sockets that leave by a device or with a firewall mark: options Node has no door to, set before the first packet goes.
// Who asks for one owns it from then on.
import { type Family, familyOf, toBytes } from '../lib/ip.ts';
import { lastErrno, libc } from './native/libc.ts';
import { int32 } from './native/socket.ts';
import { toOpError } from './op-error.ts';

export interface Way {
  readonly sourceAddress?: string | undefined;
  readonly device?: string | undefined;
  readonly mark?: number | undefined;
}

const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
/** SOCK_NONBLOCK | SOCK_CLOEXEC of asm-generic/socket.h; Node expects the first. */
const FLAGS = 0x800 | 0x80000;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const SO_MARK = 36;

/** True where Node alone cannot do it. */
export function needsOwnSocket(way: Way): boolean {
  return way.device !== undefined || way.mark !== undefined;
}

/**
 * Throws OpError: a mark needs CAP_NET_ADMIN, a device must exist. Bound at once, so that no other probe has its port: towards
 * one VIP at two members the port alone tells them apart.
 */
export function openProbeSocket(kind: 'stream' | 'datagram', family: Family, way: Way): number {
  const type = kind === 'stream' ? SOCK_STREAM : SOCK_DGRAM;
  const fd = libc().socket(family === 4 ? AF_INET : AF_INET6, type | FLAGS, 0);
  if (fd < 0) throw toOpError({ op: 'socket', target: kind, errno: lastErrno() });
  try {
    setWay((level, name, value) => libc().setsockopt(fd, level, name, value, value.length), way);
    bindSource(fd, family, way.sourceAddress);
    return fd;
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

/** A stream that leaves by that way, or the negative errno; throws OpError where device or mark are refused. */
export function openStreamSocket(family: Family, way: Way): number {
  if (needsOwnSocket(way)) return openProbeSocket('stream', family, way);
  const fd = libc().socket(family === 4 ? AF_INET : AF_INET6, SOCK_STREAM | FLAGS, 0);
  if (fd < 0) return -lastErrno();
  if (way.sourceAddress === undefined) return fd;
  const from = toSocketAddress(family, way.sourceAddress);
  if (libc().bind(fd, from, from.length) === 0) return fd;
  const errno = lastErrno();
  libc().close(fd);
  return -errno;
}

/** Device and mark by any setter of options, so that sockets of other owners are set alike. */
export function setWay(set: (level: number, name: number, value: Uint8Array) => number, way: Way): void {
  if (way.device !== undefined && set(SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${way.device}\0`)) !== 0)
    throw toOpError({ op: 'bind to device', target: way.device, errno: lastErrno() });
  if (way.mark !== undefined && set(SOL_SOCKET, SO_MARK, int32(way.mark)) !== 0)
    throw toOpError({ op: 'set mark', target: String(way.mark), errno: lastErrno() });
}

function bindSource(fd: number, family: Family, address: string | undefined): void {
  const to = toSocketAddress(family, address ?? (family === 4 ? '0.0.0.0' : '::'));
  if (libc().bind(fd, to, to.length) !== 0)
    throw toOpError({ op: 'bind', target: address ?? 'any address', errno: lastErrno() });
}

export function socketAddressBuffer(family: Family): Uint8Array {
  return new Uint8Array(family === 4 ? 16 : 28);
}

/**
 * struct sockaddr_in and sockaddr_in6; port 0 leaves the choice to the kernel. Who asks often brings `bytes` of an earlier one:
 * memory that a call of C has seen lies outside the heap and is dear to make.
 */
export function toSocketAddress(
  family: Family,
  address: string,
  port = 0,
  bytes = socketAddressBuffer(family),
): Uint8Array {
  bytes[0] = family === 4 ? AF_INET : AF_INET6;
  bytes[2] = port >> 8;
  bytes[3] = port & 0xff;
  bytes.set(toBytes(address), family === 4 ? 4 : 8);
  return bytes;
}

export function familyOfTarget(address: string): Family {
  return familyOf(address) ?? 4;
}
