// A unix datagram socket to listen on, which Node lacks: what systemd is to a service.
import { rmSync } from 'node:fs';
import { AF_UNIX, NativeSocket, SOCK } from '../../src/kernel/native/socket.ts';

export interface Datagrams {
  readonly path: string;
  /** Ends it and gives everything that came. */
  close(): readonly string[];
}

export function listenForDatagrams(path: string): Datagrams {
  const socket = new NativeSocket('test', AF_UNIX, SOCK.dgram, 0);
  socket.bind(Buffer.concat([Buffer.from([AF_UNIX, 0]), Buffer.from(`${path}\0`)]));
  return {
    path,
    close() {
      const told: string[] = [];
      const buffer = new Uint8Array(65_536);
      for (let length = socket.receive(buffer, false); length >= 0; length = socket.receive(buffer, false))
        told.push(Buffer.from(buffer.subarray(0, length)).toString());
      socket.close();
      rmSync(path, { force: true });
      return told;
    },
  };
}
