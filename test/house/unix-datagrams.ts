// A unix datagram socket to listen on, which Node lacks: what systemd is to a service.
import { rmSync } from 'node:fs';
import { AF_UNIX, NativeSocket, SOCK } from '../../src/kernel/native/socket.ts';

export interface Datagrams {
  readonly path: string;
  /** Everything that came so far. Who never asks misses what comes later: the kernel keeps net.unix.max_dgram_qlen of them. */
  told(): readonly string[];
  /** Ends it and gives everything that came. */
  close(): readonly string[];
}

export function listenForDatagrams(path: string): Datagrams {
  const socket = new NativeSocket('test', AF_UNIX, SOCK.dgram, 0);
  socket.bind(Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)]));
  const all: string[] = [];
  const buffer = new Uint8Array(65_536);
  const told = (): readonly string[] => {
    for (let length = socket.receive(buffer, false); length >= 0; length = socket.receive(buffer, false))
      all.push(Buffer.from(buffer.subarray(0, length)).toString());
    return all;
  };
  return {
    path,
    told,
    close() {
      told();
      socket.close();
      rmSync(path, { force: true });
      return all;
    },
  };
}
