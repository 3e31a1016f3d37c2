// Finds kernel modules and what they need, in loading order, for the few that must load before a root filesystem exists.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { GuestKernel } from './guest-kernel.ts';

/** Paths (relative to the release's folder) of these modules and their dependencies, dependencies first. */
export function loadOrder(modulesDep: string, names: readonly string[]): string[] {
  const needs = new Map<string, readonly string[]>();
  const byName = new Map<string, string>();
  for (const line of modulesDep.split('\n')) {
    const [path, rest] = line.split(':');
    if (path === undefined || rest === undefined) continue;
    needs.set(path, rest.split(' ').filter(Boolean));
    byName.set(moduleName(path), path);
  }
  const ordered = new Set<string>();
  for (const name of names) {
    const path = byName.get(name);
    if (path === undefined)
      throw new Error(`Cannot load module "${name}" in the guest as its kernel has none of that name`);
    // depmod lists the nearest dependency first, so the last one loads first.
    for (const need of (needs.get(path) ?? []).toReversed()) ordered.add(need);
    ordered.add(path);
  }
  return [...ordered];
}

/** `kernel/net/9p/9pnet_virtio.ko.xz` is module `9pnet_virtio`. */
export function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.xz)?$/, '')
    .replaceAll('-', '_');
}

/** The module's bytes, plain: busybox cannot load compressed ones. */
export function readModule(kernel: GuestKernel, path: string): Buffer {
  const file = join(kernel.modules, kernel.release, path);
  return path.endsWith('.xz')
    ? execFileSync('xz', ['-dc', file], { maxBuffer: 64 << 20 })
    : readFileSync(file);
}

export function readModulesDep(kernel: GuestKernel): string {
  return readFileSync(join(kernel.modules, kernel.release, 'modules.dep'), 'utf8');
}
