// How long the machine has been up, and which start of it that counts from: a clock that nobody can set, good over restarts of ours.
import { readFileSync } from 'node:fs';
import { uptime } from 'node:os';

export interface BootTime {
  readonly boot: string;
  readonly upMs: number;
}

/** Undefined where the machine does not say. */
export function bootTime(): BootTime | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return { boot, upMs: Math.round(uptime() * 1000) };
  } catch {
    return undefined;
  }
}
