// flock(2): an advisory lock that ends with the process.
import { libc } from './native/libc.ts';

const LOCK_EX = 2;
const LOCK_NB = 4;

/** False where somebody else holds it. Held until the descriptor is closed. */
export function tryLockFile(fd: number): boolean {
  return libc().flock(fd, LOCK_EX | LOCK_NB) === 0;
}
