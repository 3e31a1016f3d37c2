// Hears electors that write files: each word is taken once, as soon as it stands there.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Lease } from '../../engine/control.ts';
import { LONGEST_LEASE_FILE, readLease } from '../../ha/lease-file.ts';
import { LbError } from '../../model/errors.ts';
import type { Intent } from '../../model/intent.ts';

/** Leases are of seconds. */
const LOOK_MS = 200;

export interface LeaseFilesOptions {
  readonly onLease: (lease: Lease) => void;
  readonly onTrouble: (what: string, detail: string) => void;
}

export class LeaseFiles {
  readonly #options: LeaseFilesOptions;
  /** By group: the file, and what was read of it last. */
  #files = new Map<string, { readonly path: string; stamp: string }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeaseFilesOptions) {
    this.#options = options;
  }

  setIntent(intent: Intent): void {
    const before = this.#files;
    this.#files = new Map();
    for (const { name, chooser, leaseFile: path } of intent.ha?.groups ?? []) {
      if (chooser !== 'external' || path === undefined) continue;
      const known = before.get(name);
      this.#files.set(name, known?.path === path ? known : { path, stamp: '' });
    }
    clearInterval(this.#timer);
    if (this.#files.size === 0) return;
    this.#look();
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const [group, file] of this.#files) {
      try {
        const read = readIfNew(file.path, file.stamp);
        if (read === undefined) continue;
        // Also of what is refused: it is told once.
        file.stamp = read.stamp;
        this.#options.onLease({ group, ...readLease(read.text, read.ageMs) });
      } catch (error) {
        if (!(error instanceof LbError)) throw error;
        this.#options.onTrouble(`lease of ${group}`, `${file.path}: ${error.message}. ${error.hint}`);
      }
    }
  }
}

/** Undefined where it is as before, or not there: the last lease runs out by itself. */
function readIfNew(
  path: string,
  stamp: string,
): { readonly text: string; readonly stamp: string; readonly ageMs: number } | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const { ino, mtimeMs, size } = fstatSync(fd);
    const now = `${ino} ${mtimeMs} ${size}`;
    if (now === stamp) return undefined;
    const bytes = Buffer.alloc(LONGEST_LEASE_FILE);
    const text = bytes.toString('utf8', 0, readSync(fd, bytes));
    return { text, stamp: now, ageMs: Date.now() - mtimeMs };
  } finally {
    closeSync(fd);
  }
}
