// Writes the tree to a folder the same way each time: owners, rights and times come from the layout, not from the machine.
import { chmodSync, copyFileSync, lutimesSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Entry, FOLDERS } from './layout.ts';

export function stage(folder: string, entries: readonly Entry[], epoch: number): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const path of FOLDERS) mkdirSync(join(folder, path), { recursive: true });
  for (const { path, mode, content } of entries) {
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true });
    if ('file' in content) copyFileSync(content.file, target);
    else writeFileSync(target, content.text);
    chmodSync(target, mode);
  }
  settle(folder, epoch);
}

/** Folders 0755, but what is nobody else's business; every time is the epoch. Children first, as they touch their folder. */
export function settle(folder: string, epoch: number): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) settle(path, epoch);
    else lutimesSync(path, epoch, epoch);
  }
  chmodSync(folder, /\/(?:etc|var\/lib)\/lbctl(?:\/|$)/.test(folder) ? 0o750 : 0o755);
  lutimesSync(folder, epoch, epoch);
}
