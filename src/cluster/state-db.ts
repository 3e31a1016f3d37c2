// What one node must remember: state.db, an SQLite file in WAL mode. A broken file is kept aside and a new one begun:
// traffic does not depend on it, as files and kernel hold the rest.
import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { RevisionTable } from './revision-table.ts';
import { setFileAside } from './set-aside.ts';
import { prepareTables } from './state-schema.ts';
import { writing } from './state-write.ts';

export interface OpenedState {
  readonly db: StateDb;
  /** Where the broken file was put, when there was one. */
  readonly setAside?: string;
  /** Why nothing can be written now, when that is so. */
  readonly readOnly?: string;
}

export class StateDb {
  /** The configurations that were in force. */
  readonly revisions: RevisionTable;
  readonly #db: DatabaseSync;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  #lastWritten = new Map<string, string>();

  private constructor(path: string, readOnly = false) {
    this.#db = new DatabaseSync(path, { readOnly });
    try {
      // NORMAL in WAL: a power cut may lose the last commits, never the file (sqlite.org/wal.html).
      if (!readOnly) this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
      this.#db.exec('PRAGMA busy_timeout = 2000');
      const check = this.#db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (check.quick_check !== 'ok') throw new Error(check.quick_check);
      prepareTables(this.#db);
      // It holds configurations, and those hold secrets.
      if (path !== ':memory:' && !readOnly) chmodSync(path, 0o600);
      this.revisions = new RevisionTable(this.#db);
      this.#read = this.#db.prepare('SELECT value FROM memory WHERE name = ?');
      this.#write = this.#db.prepare(
        'INSERT INTO memory (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      );
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** `now` names the file that is set aside. Throws where there is no file yet and none can be made. */
  static open(path: string, nowMs: number): OpenedState {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    try {
      return { db: new StateDb(path) };
    } catch (error) {
      if (!existsSync(path)) throw error;
      // What cannot be written may well be whole: a broken file would not open for reading either.
      if (!isBroken(error)) return { db: new StateDb(path, true), readOnly: (error as Error).message };
      const setAside = setFileAside(path, nowMs);
      return { db: new StateDb(path), setAside };
    }
  }

  /** Undefined where nothing of that name was kept, or it cannot be read any more. */
  recall<T>(name: string): T | undefined {
    const row = this.#read.get(name) as { value: string } | undefined;
    if (row === undefined) return undefined;
    try {
      return JSON.parse(row.value) as T;
    } catch {
      return undefined;
    }
  }

  /** Written only when it differs from what was written last. Throws OpError STATE_UNWRITABLE. */
  remember(name: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#lastWritten.get(name) === text) return;
    writing(`"${name}"`, () => this.#write.run(name, text));
    this.#lastWritten.set(name, text);
  }

  /** As a full disk would: for those who must see what happens then. */
  limitPages(count: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${count}`);
  }

  close(): void {
    this.#db.close();
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html), or a check of ours that it did not pass. */
function isBroken(error: unknown): boolean {
  const { errcode } = error as { errcode?: number };
  return errcode === undefined || [11, 26].includes(errcode & 0xff);
}
