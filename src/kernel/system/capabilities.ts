// Reads which capabilities a process has from its status file.
import { readFileSync } from 'node:fs';

/** Bit numbers of include/uapi/linux/capability.h, as far as we need them. */
const BITS: Readonly<Record<string, bigint>> = {
  net_bind_service: 10n,
  net_admin: 12n,
  net_raw: 13n,
  sys_module: 16n,
  sys_admin: 21n,
  sys_resource: 24n,
  perfmon: 38n,
  bpf: 39n,
};

/** Of this process. */
export function ownCapabilities(): readonly string[] {
  return readCapabilities(readFileSync('/proc/self/status', 'utf8'));
}

export function readCapabilities(status: string): readonly string[] {
  const hex = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1];
  if (hex === undefined) return [];
  const mask = BigInt(`0x${hex}`);
  return Object.entries(BITS)
    .filter(([, bit]) => ((mask >> bit) & 1n) === 1n)
    .map(([name]) => name);
}
