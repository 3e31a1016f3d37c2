// What one node must remember: state.db, an SQLite file in WAL mode. A broken file is kept aside and a new one begun:
// traffic does not depend on it, as files and kernel hold the rest.
import type { DatabaseSync } from 'node:sqlite';
import {
  type Db,
  type OpenedFile,
  openFile,
  type Reopened,
  reopenFile,
  SqliteFile,
  usingDb,
} from './open-sqlite.ts';
import { RevisionTable } from './revision-table.ts';
import { prepareTables } from './state-schema.ts';
import { writing } from './state-write.ts';

const MOST_HELD = 64 * 1024;
const READ = 'SELECT value FROM memory WHERE name = ?';
const WRITE =
  'INSERT INTO memory (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value';

export interface OpenedState extends Omit<OpenedFile<StateDb>, 'opened'> {
  readonly db: StateDb;
}

export class StateDb {
  /** The configurations that were in force. */
  readonly revisions: RevisionTable;
  readonly #path: string;
  readonly #file: SqliteFile;
  #isReadOnly = false;
  #lastWritten = new Map<string, string>();

  private constructor(path: string, db: DatabaseSync) {
    this.#path = path;
    this.#file = new SqliteFile(db);
    this.revisions = new RevisionTable(this.#file);
  }

  static open(path: string, nowMs: number): OpenedState {
    const { opened, ...rest } = openFile(path, nowMs, (file, readOnly) =>
      usingDb(file, readOnly, (db) => {
        prepareTables(db);
        return new StateDb(path, db);
      }),
    );
    opened.#isReadOnly = rest.readOnly !== undefined;
    return { db: opened, ...rest };
  }

  /** Where the disk took nothing at the opening: whether it does now. What was read then must be what stands there. */
  reopen(): Reopened {
    if (!this.#isReadOnly) return 'open';
    const last = this.revisions.last()?.number;
    const isSame = (db: Db): boolean => new RevisionTable(db).last()?.number === last;
    const reopened = reopenFile(this.#path, this.#file, { prepare: prepareTables, isSame });
    this.#isReadOnly = reopened !== 'open';
    return reopened;
  }

  /** Undefined where nothing of that name was kept, or it cannot be read any more. */
  recall<T>(name: string): T | undefined {
    const row = this.#file.prepare(READ).get(name) as { value: string } | undefined;
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
    writing(`"${name}"`, () => this.#file.prepare(WRITE).run(name, text));
    // What is large is not held a second time: who writes it knows whether it changed.
    if (text.length <= MOST_HELD) this.#lastWritten.set(name, text);
    else this.#lastWritten.delete(name);
  }

  /** As a full disk would: for those who must see what happens then. */
  limitPages(count: number): void {
    this.#file.exec(`PRAGMA max_page_count = ${count}`);
  }

  close(): void {
    this.#file.close();
  }
}
