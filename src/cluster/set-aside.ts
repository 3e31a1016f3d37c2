// A broken SQLite file is kept beside the new one: what it still holds may be wanted, and what broke it may be found.
import { renameSync, rmSync } from 'node:fs';

/** Where it is now. Its log and shared memory go: they would be taken for those of the new file. */
export function setFileAside(path: string, nowMs: number): string {
  const aside = `${path}.broken-${nowMs}`;
  renameSync(path, aside);
  for (const ending of ['-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
  return aside;
}
