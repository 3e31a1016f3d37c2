// What one node must remember: state.db, an SQLite file in WAL mode. A broken file is kept aside and a new one begun:
// traffic does not depend on it, as files and kernel hold the rest.
import { chmodSync } from 'node:fs';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { type OpenedFile, openFile, usingDb } from './open-sqlite.ts';
import { RevisionTable } from './revision-table.ts';
import { prepareTables } from './state-schema.ts';
import { writing } from './state-write.ts';

const MOST_HELD = 64 * 1024;

export interface OpenedState extends Omit<OpenedFile<StateDb>, 'opened'> {
  readonly db: StateDb;
}

export class StateDb {
  /** The configurations that were in force. */
  readonly revisions: RevisionTable;
  readonly #db: DatabaseSync;
  readonly #read: StatementSync;
  readonly #write: StatementSync;
  #lastWritten = new Map<string, string>();

  private constructor(db: DatabaseSync) {
    this.#db = db;
    this.revisions = new RevisionTable(db);
    this.#read = db.prepare('SELECT value FROM memory WHERE name = ?');
    this.#write = db.prepare(
      'INSERT INTO memory (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    );
  }

  static open(path: string, nowMs: number): OpenedState {
    const { opened, ...rest } = openFile(path, nowMs, (file, readOnly) =>
      usingDb(file, readOnly, (db) => {
        prepareTables(db);
        // It holds configurations, and those hold secrets.
        if (file !== ':memory:' && !readOnly) chmodSync(file, 0o600);
        return new StateDb(db);
      }),
    );
    return { db: opened, ...rest };
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

  /** Written only when it differs from what was written last, as far as that is short. Throws OpError STATE_UNWRITABLE. */
  remember(name: string, value: unknown): void {
    const text = JSON.stringify(value);
    if (this.#lastWritten.get(name) === text) return;
    writing(`"${name}"`, () => this.#write.run(name, text));
    // What is large is not held a second time: who writes it knows whether it changed.
    if (text.length <= MOST_HELD) this.#lastWritten.set(name, text);
    else this.#lastWritten.delete(name);
  }

  /** As a full disk would: for those who must see what happens then. */
  limitPages(count: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${count}`);
  }

  close(): void {
    this.#db.close();
  }
}
