// Hears whoever wants a demo or a soak to end: a signal, or a reader that went away ("| head", a terminal that was closed).
import { writeSync } from 'node:fs';

const LOOK_MS = 1000;

/** May be called more than once. */
export function whenAskedToEnd(end: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  // Nobody sees the rest, and unheard it ends this process before it has cleaned up.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', end);
  if (process.stdout.isTTY) setInterval(() => void (isThere() || end()), LOOK_MS).unref();
}

/** A closed terminal signals the leader of its session alone: a make that waits for us does not pass it on. */
function isThere(): boolean {
  try {
    writeSync(process.stdout.fd, '');
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN';
  }
}
