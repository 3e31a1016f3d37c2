// One way to open an SQLite file that a node keeps: whole and writable, a copy to read while its disk takes nothing, or anew
// beside the broken one.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setFileAside } from './set-aside.ts';

export interface OpenedFile<T> {
  readonly opened: T;
  /** Where the broken file was put, when there was one. */
  readonly setAside?: string;
  /** Why nothing can be written now, when that is so. */
  readonly readOnly?: string;
}

/** Closes the database again where `use` throws. Of a copy that is only read every write fails as on a read-only disk. */
export function usingDb<T>(path: string, readOnly: boolean, use: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(path);
  try {
    // NORMAL in WAL: a power cut may lose the last commits, never the file (sqlite.org/wal.html).
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000');
    const check = db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
    if (check.quick_check !== 'ok') throw new Error(check.quick_check);
    const used = use(db);
    if (readOnly) db.exec('PRAGMA query_only = 1');
    return used;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** `nowMs` names the file that is set aside. Where there is no file yet and none can be made, it is an empty one that takes nothing. */
export function openFile<T>(
  path: string,
  nowMs: number,
  open: (path: string, readOnly: boolean) => T,
): OpenedFile<T> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    return { opened: open(path, false) };
  } catch (error) {
    if (!existsSync(path)) return { opened: open(':memory:', true), readOnly: (error as Error).message };
    // What cannot be written may well be whole: a broken file would not open for reading either.
    if (!isBroken(error))
      return { opened: inCopy(path, (copy) => open(copy, true)), readOnly: (error as Error).message };
    const setAside = setFileAside(path, nowMs);
    return { opened: open(path, false), setAside };
  }
}

/** In memory, where there is such a place; the disk of the file is what takes nothing. */
const PLACES = ['/dev/shm', tmpdir()];

/**
 * SQLite wants to write beside a file even to read it: what a crash left in its log must be put in, and readers share memory. A
 * copy has room for both; it has no name any more when this returns.
 */
export function inCopy<T>(path: string, use: (copy: string) => T): T {
  const place = PLACES.find((one) => existsSync(one)) ?? tmpdir();
  const folder = mkdtempSync(join(place, 'lbctl-'));
  try {
    const copy = join(folder, basename(path));
    copyFileSync(path, copy);
    if (existsSync(`${path}-wal`)) copyFileSync(`${path}-wal`, `${copy}-wal`);
    return use(copy);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html), or a check of ours that it did not pass. */
function isBroken(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined || [11, 26].includes(errcode & 0xff);
}
