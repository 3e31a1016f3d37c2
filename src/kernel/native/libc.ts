// The C library through FFI: the few calls Node has no door to (netlink and packet sockets),
// or too dear a one. A call costs about 100 ns.
import { endianness } from 'node:os';
import koffi, { type LibraryHandle } from 'koffi';
import { BugError } from '../../model/errors.ts';

interface LibC {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: Uint8Array, length: number): number;
  connect(fd: number, address: Uint8Array, length: number): number;
  send(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  sendto(
    fd: number,
    bytes: Uint8Array,
    length: number,
    flags: number,
    to: Uint8Array,
    toLength: number,
  ): number;
  recv(fd: number, bytes: Uint8Array, length: number, flags: number): number;
  setsockopt(fd: number, level: number, name: number, value: Uint8Array, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: Uint8Array, length: Uint8Array): number;
  getsockname(fd: number, address: Uint8Array, length: Uint8Array): number;
  poll(fds: Uint8Array, count: number, timeoutMs: number): number;
  flock(fd: number, operation: number): number;
  close(fd: number): number;
}

let loaded: LibC | undefined;

/** Loaded on first use, so that commands which touch no kernel start without FFI. */
export function libc(): LibC {
  loaded ??= load();
  return loaded;
}

/** errno of the last call on this thread. Read it at once: the next call overwrites it. */
export function lastErrno(): number {
  return koffi.errno();
}

function load(): LibC {
  // Netlink is in host order and the codecs are written for little endian, as every machine we package for is.
  if (endianness() !== 'LE') throw new BugError('Cannot speak netlink on a big-endian machine');
  const library = openLibc();
  return {
    socket: library.func('int socket(int, int, int)'),
    bind: library.func('int bind(int, void *, int)'),
    connect: library.func('int connect(int, void *, int)'),
    send: library.func('long send(int, void *, size_t, int)'),
    sendto: library.func('long sendto(int, void *, size_t, int, void *, int)'),
    recv: library.func('long recv(int, void *, size_t, int)'),
    setsockopt: library.func('int setsockopt(int, int, int, void *, int)'),
    getsockopt: library.func('int getsockopt(int, int, int, void *, void *)'),
    getsockname: library.func('int getsockname(int, void *, void *)'),
    poll: library.func('int poll(void *, unsigned long, int)'),
    flock: library.func('int flock(int, int)'),
    close: library.func('int close(int)'),
  };
}

/** glibc by its name; elsewhere (musl) the libc that the process itself runs on. */
export function openLibc(): LibraryHandle {
  try {
    return koffi.load('libc.so.6');
  } catch {
    return koffi.load(null);
  }
}
