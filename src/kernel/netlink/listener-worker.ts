// The Worker of listener.ts: joins the groups, then blocks in recv and passes on what it hears until told to stop.
import { parentPort, workerData } from 'node:worker_threads';
import { readMessages } from '../../wire/netlink/message.ts';
import { ERRNO } from '../native/errno.ts';
import { AF, int32, NativeSocket, SOCK } from '../native/socket.ts';
import type { NetlinkEvent, Notice } from './listener.ts';

const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVTIMEO = 20;
const SOL_NETLINK = 270;
const NETLINK_ADD_MEMBERSHIP = 1;
/** How long a stop may take. */
const WAKE_MS = 200;

interface Data {
  readonly protocol: number;
  readonly groups: readonly number[];
  readonly quietMs: number;
  readonly stop: Int32Array;
}

const { protocol, groups, quietMs, stop } = workerData as Data;
const port = parentPort!;

function open(): NativeSocket {
  const socket = new NativeSocket('netlink/events', AF.netlink, SOCK.raw, protocol);
  socket.tryOption(SOL_SOCKET, SO_RCVBUF, int32(1 << 20));
  // struct timeval: seconds and microseconds, 8 bytes each.
  const timeout = new Uint8Array(16);
  new DataView(timeout.buffer).setBigInt64(8, BigInt(WAKE_MS * 1000), true);
  socket.setOption(SOL_SOCKET, SO_RCVTIMEO, timeout);
  const address = new Uint8Array(12);
  address[0] = AF.netlink;
  socket.bind(address);
  for (const group of groups) socket.setOption(SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, int32(group));
  return socket;
}

function run(socket: NativeSocket): void {
  const buffer = new Uint8Array(64 << 10);
  let toldMs = Number.NEGATIVE_INFINITY;
  const tell = (event: NetlinkEvent): void => {
    if (performance.now() - toldMs < quietMs) return;
    toldMs = performance.now();
    port.postMessage(event);
  };
  while (Atomics.load(stop, 0) === 0) {
    const length = socket.receive(buffer, true);
    if (length === -ERRNO.EAGAIN || length === -ERRNO.EINTR) continue;
    if (length === -ERRNO.ENOBUFS || length > buffer.length) {
      tell({ type: 0, linkIndex: 0 });
      continue;
    }
    if (length < 0) throw new Error(`Cannot receive netlink events: errno ${-length}`);
    for (const message of readMessages(buffer.subarray(0, length))) {
      const { body, type } = message;
      // ifinfomsg and ifaddrmsg both carry the interface index at offset 4.
      const linkIndex = body.length >= 8 ? Buffer.from(body).readUInt32LE(4) : 0;
      tell({ type, linkIndex });
    }
  }
}

try {
  const socket = open();
  port.postMessage({ kind: 'ready' } satisfies Notice);
  run(socket);
  socket.close();
} catch (error) {
  port.postMessage({ kind: 'failed', message: (error as Error).message } satisfies Notice);
}
