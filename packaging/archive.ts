// Archives that come out the same each time, through the tar and gzip of the system.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

/** Sorted names, one time, root as owner: GNU tar's own recipe for reproducible archives. */
export function tarFolder(folder: string, output: string, epoch: number, prefix = '.'): void {
  execFileSync('tar', [
    '--sort=name',
    '--format=gnu',
    `--mtime=@${epoch}`,
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--transform=flags=r;s,^\\.,${prefix},`,
    '-C',
    folder,
    '-cf',
    output,
    '.',
  ]);
}

/** Without name and time in the header. */
export function gzipFile(path: string): string {
  execFileSync('gzip', ['-n', '-6', '-f', path]);
  return `${path}.gz`;
}

/** Read in pieces: the executable has more than a hundred megabytes. */
export function sha256Of(path: string): string {
  const hash = createHash('sha256');
  const file = openSync(path, 'r');
  try {
    const piece = Buffer.alloc(1 << 20);
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece))
      hash.update(piece.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}
