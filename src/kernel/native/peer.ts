// Who is at the other end of a unix socket: SO_PEERCRED of socket(7), which nobody can forge.
import { libc } from './libc.ts';

export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** struct ucred of <sys/socket.h>: pid, uid and gid of four bytes each. */
const UCRED_BYTES = 12;

/** Undefined where the kernel does not say, as of a socket that has gone. */
export function peerOf(fd: number): PeerCredentials | undefined {
  const credentials = new Uint8Array(UCRED_BYTES);
  const length = Uint8Array.of(UCRED_BYTES, 0, 0, 0);
  if (libc().getsockopt(fd, SOL_SOCKET, SO_PEERCRED, credentials, length) !== 0) return undefined;
  const view = new DataView(credentials.buffer);
  return { pid: view.getInt32(0, true), uid: view.getUint32(4, true), gid: view.getUint32(8, true) };
}
