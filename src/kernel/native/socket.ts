// A socket by its file descriptor. Node refuses netlink and packet sockets, so this is the only owner of such an fd.
import { toOpError } from '../op-error.ts';
import { ERRNO } from './errno.ts';
import { lastErrno, libc } from './libc.ts';

export const AF = { inet6: 10, netlink: 16, packet: 17 } as const;
export const SOCK = { dgram: 2, raw: 3, nonblock: 0x800, cloexec: 0x80000 } as const;
export const AF_UNIX = 1;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const POLLIN = 1;

export class NativeSocket {
  #fd: number;
  /** For error messages: `netlink/route`. */
  readonly name: string;

  constructor(name: string, domain: number, type: number, protocol: number) {
    this.name = name;
    this.#fd = libc().socket(domain, type | SOCK.cloexec, protocol);
    if (this.#fd < 0) throw toOpError({ op: 'socket', target: name, errno: lastErrno() });
  }

  get fd(): number {
    return this.#fd;
  }

  bind(address: Uint8Array): void {
    this.#check('bind', libc().bind(this.#fd, address, address.length));
  }

  setOption(level: number, name: number, value: Uint8Array): void {
    this.#check('setsockopt', libc().setsockopt(this.#fd, level, name, value, value.length));
  }

  /** False where the kernel does not take it: for options that only improve things. */
  tryOption(level: number, name: number, value: Uint8Array): boolean {
    return libc().setsockopt(this.#fd, level, name, value, value.length) === 0;
  }

  address(): Uint8Array {
    const address = new Uint8Array(20);
    const length = Uint8Array.of(address.length, 0, 0, 0);
    this.#check('getsockname', libc().getsockname(this.#fd, address, length));
    return address.subarray(0, length[0]);
  }

  send(bytes: Uint8Array): void {
    for (;;) {
      if (libc().send(this.#fd, bytes, bytes.length, 0) >= 0) return;
      const errno = lastErrno();
      if (errno !== ERRNO.EINTR) throw toOpError({ op: 'send', target: this.name, errno });
    }
  }

  sendTo(bytes: Uint8Array, to: Uint8Array): void {
    this.#check('sendto', libc().sendto(this.#fd, bytes, bytes.length, 0, to, to.length));
  }

  /**
   * One datagram into `buffer`, or a negative errno. A value above the buffer's size means the datagram was cut.
   * `wait` blocks until something comes or the receive timeout of the socket is over: only in a Worker.
   */
  receive(buffer: Uint8Array, wait: boolean): number {
    const length = libc().recv(this.#fd, buffer, buffer.length, MSG_TRUNC | (wait ? 0 : MSG_DONTWAIT));
    return length >= 0 ? length : -lastErrno();
  }

  /** True when something can be read within the time. Blocks this thread: keep it short. */
  readable(timeoutMs: number): boolean {
    const fds = new Uint8Array(8);
    const view = new DataView(fds.buffer);
    view.setInt32(0, this.#fd, true);
    view.setInt16(4, POLLIN, true);
    const endMs = performance.now() + timeoutMs;
    for (let leftMs = timeoutMs; ; leftMs = Math.max(0, Math.ceil(endMs - performance.now()))) {
      const ready = libc().poll(fds, 1, leftMs);
      // A signal (a child that ended) is no sign that time is over.
      if (ready >= 0 || lastErrno() !== ERRNO.EINTR) return ready > 0;
    }
  }

  close(): void {
    if (this.#fd < 0) return;
    libc().close(this.#fd);
    this.#fd = -1;
  }

  #check(op: string, result: number): void {
    if (result < 0) throw toOpError({ op, target: this.name, errno: lastErrno() });
  }
}

export function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
