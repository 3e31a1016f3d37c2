// How many CPUs the kernel sizes its per-CPU values for: the possible ones, not only those online.
import { readFileSync } from 'node:fs';

let cached: number | undefined;

export function possibleCpus(): number {
  cached ??= countOf(readFileSync('/sys/devices/system/cpu/possible', 'utf8'));
  return cached;
}

/** `0-3,8` is 9: rooms are numbered up to the last. */
export function countOf(list: string): number {
  const numbers = list.trim().split(/[,-]/).map(Number);
  return Math.max(...numbers) + 1;
}
