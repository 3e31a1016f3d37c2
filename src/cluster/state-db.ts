// What one node must remember: state.db, an SQLite file in WAL mode. A broken file is kept aside and a new one begun:
// traffic does not depend on it, as files and kernel hold the rest.
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';

/** Raised with every change of the tables; an older file is migrated by the steps between. */
const SCHEMA_VERSION = 1;
const TABLES = `
  CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    hash TEXT NOT NULL,
    content TEXT NOT NULL
  ) STRICT;
`;

export interface Revision {
  readonly number: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
  /** Of the Intent. */
  readonly hash: string;
  /** The files it came from, as JSON. */
  readonly content: string;
}

export interface OpenedState {
  readonly db: StateDb;
  /** Where the broken file was put, when there was one. */
  readonly setAside?: string;
}

export class StateDb {
  readonly #db: DatabaseSync;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  #lastWritten = new Map<string, string>();

  private constructor(path: string) {
    this.#db = new DatabaseSync(path);
    try {
      // NORMAL in WAL: a power cut may lose the last commits, never the file (sqlite.org/wal.html).
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 2000;');
      const check = this.#db.prepare('PRAGMA quick_check(1)').get() as { quick_check: string };
      if (check.quick_check !== 'ok') throw new Error(check.quick_check);
      this.#db.exec(`${TABLES} PRAGMA user_version = ${SCHEMA_VERSION};`);
      this.#read = this.#db.prepare('SELECT value FROM memory WHERE name = ?');
      this.#write = this.#db.prepare(
        'INSERT INTO memory (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
      );
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** `now` names the file that is set aside. Throws only where the folder cannot be written at all. */
  static open(path: string, nowMs: number): OpenedState {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    try {
      return { db: new StateDb(path) };
    } catch (error) {
      if (!existsSync(path)) throw error;
      const setAside = `${path}.broken-${nowMs}`;
      renameSync(path, setAside);
      for (const ending of ['-wal', '-shm']) rmSync(`${path}${ending}`, { force: true });
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

  /** Written only when it differs from what was written last. */
  remember(name: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#lastWritten.get(name) === text) return;
    this.#write.run(name, text);
    this.#lastWritten.set(name, text);
  }

  addRevision(revision: Omit<Revision, 'number'>): number {
    const { atMs, author, reason, hash, content } = revision;
    const result = this.#db
      .prepare('INSERT INTO revisions (at_ms, author, reason, hash, content) VALUES (?, ?, ?, ?, ?)')
      .run(atMs, author, reason, hash, content);
    return Number(result.lastInsertRowid);
  }

  /** Newest first. */
  revisions(limit: number): readonly Omit<Revision, 'content'>[] {
    const rows = this.#db
      .prepare(
        'SELECT number, at_ms AS atMs, author, reason, hash FROM revisions ORDER BY number DESC LIMIT ?',
      )
      .all(limit);
    return rows as unknown as readonly Omit<Revision, 'content'>[];
  }

  revision(number: number): Revision | undefined {
    const row = this.#db
      .prepare('SELECT number, at_ms AS atMs, author, reason, hash, content FROM revisions WHERE number = ?')
      .get(number);
    return row as unknown as Revision | undefined;
  }

  close(): void {
    this.#db.close();
  }
}
