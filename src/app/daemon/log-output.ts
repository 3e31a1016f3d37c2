// Where lines of the log go. A file whose disk is full loses them: a stream would end at the first, and the daemon with it.
import { fstatSync, writeSync } from 'node:fs';

export function openLogOutput(stdout: NodeJS.WriteStream & { readonly fd: number }): (line: string) => void {
  const { fd } = stdout;
  const to = fstatSync(fd);
  // Pipes, sockets and terminals may be slow: there Node keeps what waits.
  if (stdout.isTTY || to.isFIFO() || to.isSocket()) return (line) => void stdout.write(line);
  return (line) => {
    try {
      writeSync(fd, line);
    } catch {
      // Nobody could be told of it here.
    }
  };
}
