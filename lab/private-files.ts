// Gives a program its own /etc and /var: it sees the machine's files, and what it writes lands in a folder of the test.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

const COVERED = ['etc', 'var'];

/** The command line that runs `argv` so; the same folder shows the same files again. */
export function withPrivateFiles(folder: string, argv: readonly string[]): readonly string[] {
  const mounts = COVERED.map((name) => {
    const upper = join(folder, name, 'upper');
    const work = join(folder, name, 'work');
    for (const path of [upper, work]) mkdirSync(path, { recursive: true });
    return `mount -t overlay -o lowerdir=/${name},upperdir=${upper},workdir=${work} overlay /${name}`;
  });
  return ['unshare', '--mount', 'sh', '-c', `${mounts.join(' && ')} && exec "$@"`, 'sh', ...argv];
}

/** Where a file that such a program wrote can be read from outside. */
export function privatePath(folder: string, path: string): string {
  const [, top = '', ...rest] = path.split('/');
  return join(folder, top, 'upper', ...rest);
}
