// A tool of the machine run for what it says, within a time and a size.
import { execFile } from 'node:child_process';
import { OpError } from '../model/errors.ts';

const LONGEST_MS = 10_000;
const MOST_BYTES = 16 * 1024 * 1024;

export function runTool([program = '', ...args]: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      args,
      {
        timeout: LONGEST_MS,
        killSignal: 'SIGKILL',
        maxBuffer: MOST_BYTES,
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      },
      (error, out, err) => {
        if (error === null) resolve(out);
        else
          reject(
            new OpError(
              'DRIVER_FAILED',
              `Cannot run "${program}": ${err.trim().split('\n', 1)[0] || error.message}`,
              { op: program },
              { retry: 'never', cause: error },
            ),
          );
      },
    );
  });
}
