// Stream sockets that are connected again and again: to make one and close it is a third of what a connection to a near member costs.
// One that is let go of is reset by the kernel and free for any other address; nothing of the connection before is left in it.
import type { Family } from '../lib/ip.ts';
import { libc } from './native/libc.ts';
import { openStreamSocket, type Way } from './probe-socket.ts';

const SOL_SOCKET = 1;
const SO_LINGER = 13;
/** RST instead of FIN, as thousands of checks a second would fill the table with TIME_WAIT. */
const RESET_ON_CLOSE = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);
/** connect(2) to it dissolves the association, by RST too. */
const AF_UNSPEC = new Uint8Array(16);
/** Of each family; what starts together at the usual pace of checks. */
const MOST = 32;

export class SpareSockets {
  readonly #spares: Readonly<Record<Family, number[]>> = { 4: [], 6: [] };

  /** A socket that leaves by that way, or the negative errno; throws OpError where device or mark are refused. */
  take(family: Family, way: Way): number {
    const spare = isPlain(way) ? this.#spares[family].pop() : undefined;
    return spare ?? openStreamSocket(family, way);
  }

  /** Ends its connection at once; the number is the caller's no more. */
  giveBack(fd: number, family: Family, way: Way): void {
    const spares = this.#spares[family];
    if (isPlain(way) && spares.length < MOST && libc().connect(fd, AF_UNSPEC, AF_UNSPEC.length) === 0) {
      spares.push(fd);
      return;
    }
    libc().setsockopt(fd, SOL_SOCKET, SO_LINGER, RESET_ON_CLOSE, RESET_ON_CLOSE.length);
    libc().close(fd);
  }

  /** For who leaves the thread, as these are not Node's to close; it may be used again. */
  close(): void {
    for (const spares of Object.values(this.#spares)) for (const fd of spares.splice(0)) libc().close(fd);
  }
}

/** Options and an address of its own stay with a socket. */
function isPlain({ device, mark, sourceAddress }: Way): boolean {
  return device === undefined && mark === undefined && sourceAddress === undefined;
}
