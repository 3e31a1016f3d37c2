// One way to open an SQLite file that a node keeps: whole and writable, a copy to read while its disk takes nothing, or anew
// beside the broken one.
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setFileAside } from './set-aside.ts';

export interface OpenedFile<T> {
  readonly opened: T;
  /** Where the broken file was put, when there was one. */
  readonly setAside?: string;
  /** Why nothing can be written now, when that is so. */
  readonly readOnly?: string;
}

/** What is asked of a database; statements made ready. */
export type Db = Pick<DatabaseSync, 'prepare' | 'exec' | 'isTransaction'>;

/** A file by the connection that reaches it now; each statement is made ready once. */
export class SqliteFile implements Db {
  readonly #statements = new Map<string, StatementSync>();
  #db: DatabaseSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
  }

  get isTransaction(): boolean {
    return this.#db.isTransaction;
  }

  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#db.exec(sql);
  }

  /** The copy that stood for it gives way. */
  replace(db: DatabaseSync): void {
    this.#statements.clear();
    this.#db.close();
    this.#db = db;
  }

  close(): void {
    this.#db.close();
  }
}

/** `another`: what stands there now is not what was read at the opening. */
export type Reopened = 'open' | 'refused' | 'another';

/** For what was opened while its disk took nothing: tries again to write to it. */
export function reopenFile(
  path: string,
  file: SqliteFile,
  { prepare, isSame }: { readonly prepare: (db: DatabaseSync) => void; readonly isSame: (db: Db) => boolean },
): Reopened {
  let db: DatabaseSync;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    db = usingDb(path, false, (opened) => {
      prepare(opened);
      return opened;
    });
  } catch {
    return 'refused';
  }
  if (!isSame(db)) {
    db.close();
    return 'another';
  }
  file.replace(db);
  return 'open';
}

/**
 * Closes the database again where `use` throws. Of a copy that is only read every write fails as on a read-only disk. Nobody else
 * may read it: it holds configurations, and those hold secrets.
 */
export function usingDb<T>(path: string, readOnly: boolean, use: (db: DatabaseSync) => T): T {
  if (path !== ':memory:' && !readOnly) closeToOthers(path);
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

/** Before SQLite opens it: its log and shared memory are made with the mode that the file has then. */
function closeToOthers(path: string): void {
  closeSync(openSync(path, 'a', 0o600));
  for (const one of [path, `${path}-wal`, `${path}-shm`]) if (existsSync(one)) chmodSync(one, 0o600);
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
  const { errcode, syscall } = error as { errcode?: number; syscall?: string };
  // The disk refused before SQLite saw the file.
  if (syscall !== undefined) return false;
  return errcode === undefined || [11, 26].includes(errcode & 0xff);
}
