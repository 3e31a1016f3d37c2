// Kernel settings without a kernel.
import { ERRNO } from '../native/errno.ts';
import { toOpError } from '../op-error.ts';
import type { SysctlPort } from '../ports.ts';

export class FakeSysctl implements SysctlPort {
  readonly values: Map<string, string>;

  constructor(values: Readonly<Record<string, string>> = {}) {
    this.values = new Map(Object.entries(values));
  }

  get(name: string): string | undefined {
    return this.values.get(name);
  }

  set(name: string, value: string): void {
    if (!this.values.has(name)) throw toOpError({ op: 'write', target: name, errno: ERRNO.ENOENT });
    this.values.set(name, value);
  }
}
