// A named pipe that another program writes lines into. Read by the event loop, not by a parked thread of the pool.
import { execFileSync } from 'node:child_process';
import { constants, lstatSync, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { OpError } from '../model/errors.ts';

export interface LineReader {
  close(): void;
}

/** Longest line taken; the writer is a program of ours, so more means that something else writes there. */
const MAX_LINE = 4096;

/** Makes the pipe where it is missing. Opened for writing too, so that it never ends while writers come and go. */
export function readFifo(path: string, onLine: (line: string) => void): LineReader {
  makeFifo(path);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  let rest = '';
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString('latin1')).split('\n');
    rest = lines.pop()!.slice(-MAX_LINE);
    for (const line of lines) onLine(line);
  });
  // The pipe has a reader and a writer in us: an error here only follows close().
  socket.on('error', () => {});
  return { close: () => void socket.destroy() };
}

function makeFifo(path: string): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFIFO() === true) return;
  if (stat !== undefined) unlinkSync(path);
  try {
    execFileSync('mkfifo', ['-m', '600', path], { stdio: ['ignore', 'ignore', 'pipe'] });
  } catch (cause) {
    throw new OpError(
      'DRIVER_FAILED',
      `Cannot make the pipe "${path}"`,
      { op: 'mkfifo', target: path },
      { cause },
    );
  }
}
