// Which running kernel and which network namespace this is: kernel objects live no longer than these.
import { readFileSync, readlinkSync } from 'node:fs';

/** `3f2a... net:[4026531840]`; the same until the next boot. */
export function machineIdentity(): string {
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${readlinkSync('/proc/self/ns/net')}`;
}
