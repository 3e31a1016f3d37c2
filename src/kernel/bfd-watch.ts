// Hears from FRR's bfdd at once when a session goes up or down, without asking.
import { connect, type Socket } from 'node:net';
import { type BfdNotice, readBfdControl, writeSubscribe } from '../wire/bfd-control.ts';

export interface BfdWatch {
  close(): void;
}

/** `onLost` is told once when the connection ends; nothing is heard after it. */
export function watchBfd(
  path: string,
  onNotice: (notice: BfdNotice) => void,
  onLost: (why: string) => void,
): BfdWatch {
  const socket: Socket = connect(path);
  let rest: Uint8Array = new Uint8Array(0);
  let isOver = false;
  const end = (why: string): void => {
    socket.destroy();
    if (isOver) return;
    isOver = true;
    onLost(why);
  };
  socket.on('connect', () => socket.write(writeSubscribe()));
  socket.on('data', (chunk: Buffer) => {
    try {
      const read = readBfdControl(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]));
      rest = read.rest;
      for (const notice of read.notices) onNotice(notice);
    } catch (error) {
      end((error as Error).message);
    }
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('bfdd closed the connection'));
  return {
    close() {
      isOver = true;
      socket.destroy();
    },
  };
}
