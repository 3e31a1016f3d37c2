// errno numbers and names (asm-generic/errno.h), from Node's own table of this machine.
import { constants } from 'node:os';

const NAMES = new Map<number, string>();
for (const [name, number] of Object.entries(constants.errno)) {
  // EAGAIN and EWOULDBLOCK, ENOTSUP and EOPNOTSUPP share numbers: keep the name the manual pages use first.
  if (!NAMES.has(number)) NAMES.set(number, name);
}
/** What Linux has and Node's table lacks. */
for (const [number, name] of [
  [94, 'ESOCKTNOSUPPORT'],
  [108, 'ESHUTDOWN'],
  [132, 'ERFKILL'],
] as const) {
  if (!NAMES.has(number)) NAMES.set(number, name);
}

export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  ENOMEM: 12,
  EACCES: 13,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  ERANGE: 34,
  EPROTO: 71,
  EOPNOTSUPP: 95,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
  ETIMEDOUT: 110,
  EINPROGRESS: 115,
} as const;

export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `errno ${errno}`;
}

export function errnoOf(name: string): number {
  return (constants.errno as Readonly<Record<string, number>>)[name] ?? 0;
}
