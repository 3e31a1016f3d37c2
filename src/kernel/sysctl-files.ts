// The real SysctlPort: files under /proc/sys.
import { readFileSync, writeFileSync } from 'node:fs';
import { sysctlPath } from '../lib/sysctl.ts';
import { toOpError } from './op-error.ts';
import type { SysctlPort } from './ports.ts';

export class SysctlFiles implements SysctlPort {
  get(name: string): string | undefined {
    try {
      return readFileSync(pathOf(name), 'utf8').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw failure('read', name, error);
    }
  }

  set(name: string, value: string): void {
    try {
      writeFileSync(pathOf(name), `${value}\n`);
    } catch (error) {
      throw failure('write', name, error);
    }
  }
}

function pathOf(name: string): string {
  return `/proc/sys/${sysctlPath(name)}`;
}

function failure(op: string, name: string, error: unknown): Error {
  const errno = Math.abs((error as NodeJS.ErrnoException).errno ?? 5);
  return toOpError({ op, target: name, errno });
}
