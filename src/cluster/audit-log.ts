// Every write, chained: each entry carries the hash of the one before, so that none can be changed, lost or put between
// without showing. audit.db is a file of its own, so that a broken state.db takes no evidence with it.
import { hash } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { parseKept, stableJson } from '../lib/stable-json.ts';
import type { AuditEntry, AuditQuery, AuditRecord, AuditVerdict } from '../model/audit.ts';
import {
  type Db,
  type OpenedFile,
  openFile,
  type Reopened,
  reopenFile,
  SqliteFile,
  usingDb,
} from './open-sqlite.ts';
import { inTransaction } from './state-write.ts';

/** Where the chain stands. */
type Link = Pick<AuditEntry, 'number' | 'hash'>;

const TABLES = `
  CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    status INTEGER NOT NULL,
    request_id TEXT NOT NULL,
    change TEXT,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TABLE IF NOT EXISTS anchor (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
`;
const COLUMNS = 'number, at_ms AS atMs, who, action, target, status, request_id AS requestId, change, hash';
const INSERT =
  'INSERT INTO entries (number, at_ms, who, action, target, status, request_id, change, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
const PIECES = `SELECT ${COLUMNS} FROM entries WHERE number > ? AND number <= ? ORDER BY number LIMIT ?`;
const GENESIS = { number: 0, hash: hash('sha256', 'lbctl audit', 'hex') };
/** Kept in memory while the disk takes nothing. */
const MOST_WAITING = 10_000;
/** Some milliseconds of hashing. */
const PIECE = 200;
const LONGEST_CHANGE = 64 * 1024;

interface Row extends Omit<AuditEntry, 'change'> {
  readonly change: string | null;
}

export interface OpenedAudit extends Omit<OpenedFile<AuditLog>, 'opened'> {
  readonly log: AuditLog;
}

export class AuditLog {
  readonly #path: string;
  readonly #db: SqliteFile;
  #isReadOnly = false;
  #walking: Promise<AuditVerdict> | undefined;
  readonly #onFault: (error: Error) => void;
  readonly #waiting: AuditEntry[] = [];
  #head: Link;
  #limit: number;
  #count: number;

  private constructor(path: string, db: DatabaseSync, limit: number, onFault: (error: Error) => void) {
    this.#path = path;
    this.#db = new SqliteFile(db);
    this.#limit = limit;
    this.#onFault = onFault;
    const last = lastIn(db);
    this.#head = last ?? this.#anchor();
    this.#count = Number((db.prepare('SELECT count(*) AS n FROM entries').get() as { n: number }).n);
  }

  /** A broken file is set aside, never mended: it is evidence. Where the disk takes nothing, entries wait. */
  static open(path: string, nowMs: number, limit: number, onFault: (error: Error) => void): OpenedAudit {
    const { opened, ...rest } = openFile(path, nowMs, (file, readOnly) =>
      usingDb(file, readOnly, (db) => {
        db.exec(TABLES);
        return new AuditLog(path, db, limit, onFault);
      }),
    );
    opened.#isReadOnly = rest.readOnly !== undefined;
    return { log: opened, ...rest };
  }

  /** Where the disk took nothing at the opening: whether it does now. The chain must go on from what was read then. */
  reopen(): Reopened {
    if (!this.#isReadOnly) return 'open';
    const last = lastIn(this.#db)?.hash;
    const prepare = (db: DatabaseSync): void => db.exec(TABLES);
    const reopened = reopenFile(this.#path, this.#db, { prepare, isSame: (db) => lastIn(db)?.hash === last });
    this.#isReadOnly = reopened !== 'open';
    if (reopened === 'open') this.#write();
    return reopened;
  }

  setLimit(limit: number): void {
    this.#limit = limit;
    // What is over it goes with the next entry where the disk takes nothing now.
    this.#write();
  }

  /** Entries that the disk did not take yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Never throws: a disk that is full must not keep an operator from draining a member. */
  append(record: AuditRecord): AuditEntry {
    const change = record.change === undefined ? undefined : shortened(record.change);
    const { change: _, ...rest } = record;
    const plain = { ...rest, number: this.#head.number + 1, ...(change === undefined ? {} : { change }) };
    const entry: AuditEntry = { ...plain, hash: hashOf(this.#head.hash, plain) };
    this.#head = { number: entry.number, hash: entry.hash };
    if (this.#waiting.length < MOST_WAITING) this.#waiting.push(entry);
    this.#write();
    return entry;
  }

  list({ limit, after, who, action }: AuditQuery): readonly AuditEntry[] {
    const [where, values]: [string[], (string | number)[]] = [['number > ?'], [after ?? 0]];
    if (who !== undefined) [where.push('who = ?'), values.push(who)];
    if (action !== undefined) [where.push('action = ?'), values.push(action)];
    const order = after === undefined ? 'DESC' : 'ASC';
    const rows = this.#db
      .prepare(`SELECT ${COLUMNS} FROM entries WHERE ${where.join(' AND ')} ORDER BY number ${order} LIMIT ?`)
      .all(...values, limit) as unknown as Row[];
    return (after === undefined ? rows.reverse() : rows).map(toEntry);
  }

  /** Follows the whole chain, a piece at a time so that checks and rounds run meanwhile. Two who ask at once share one walk. */
  verify(): Promise<AuditVerdict> {
    this.#walking ??= this.#walk().finally(() => {
      this.#walking = undefined;
    });
    return this.#walking;
  }

  async #walk(): Promise<AuditVerdict> {
    const anchor = this.#anchor();
    // What comes while we walk is the next walk's.
    const end = this.#waiting[0] === undefined ? this.#head.number : this.#waiting[0].number - 1;
    let previous = anchor;
    let entries = 0;
    let fault: AuditVerdict['fault'];
    while (fault === undefined) {
      const rows = this.#db.prepare(PIECES).all(previous.number, end, PIECE) as unknown as Row[];
      for (const row of rows) {
        const { hash, ...plain } = toEntry(row);
        if (plain.number !== previous.number + 1)
          fault = { number: plain.number, why: `entries after ${previous.number} are missing` };
        else if (hashOf(previous.hash, plain) !== hash)
          fault = { number: plain.number, why: 'its content does not fit its hash' };
        if (fault !== undefined) break;
        previous = { number: plain.number, hash };
        entries++;
      }
      if (rows.length < PIECE) break;
      await setImmediate();
    }
    // The oldest went while we walked: what we began with is no longer the beginning.
    if (fault !== undefined && this.#anchor().number !== anchor.number) return this.#walk();
    if (fault === undefined && previous.number !== end)
      fault = { number: previous.number + 1, why: 'entries at the end are missing' };
    const first = anchor.number + 1;
    return {
      ok: fault === undefined,
      entries,
      head: previous,
      first,
      ...(fault === undefined ? {} : { fault }),
    };
  }

  close(): void {
    this.#write();
    this.#db.close();
  }

  #write(): void {
    try {
      for (let entry = this.#waiting[0]; entry !== undefined; entry = this.#waiting[0]) {
        const { number, atMs, who, action, target, status, requestId, change, hash } = entry;
        const text = change === undefined ? null : stableJson(change);
        this.#db.prepare(INSERT).run(number, atMs, who, action, target, status, requestId, text, hash);
        this.#waiting.shift();
        this.#count++;
      }
      this.#prune();
    } catch (error) {
      this.#onFault(error as Error);
    }
  }

  /** Rarely, and a tenth at once; the anchor holds where the chain goes on. */
  #prune(): void {
    if (this.#count <= this.#limit * 1.1) return;
    const last = this.#db
      .prepare('SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1 OFFSET ?')
      .get(this.#limit) as Link | undefined;
    if (last === undefined) return;
    inTransaction(this.#db, 'the audit log', () => {
      this.#db
        .prepare(
          'INSERT INTO anchor (id, number, hash) VALUES (1, ?, ?) ON CONFLICT (id) DO UPDATE SET number = excluded.number, hash = excluded.hash',
        )
        .run(last.number, last.hash);
      this.#db.prepare('DELETE FROM entries WHERE number <= ?').run(last.number);
    });
    this.#count = this.#limit;
  }

  #anchor(): Link {
    const row = this.#db.prepare('SELECT number, hash FROM anchor WHERE id = 1').get();
    return (row as Link | undefined) ?? GENESIS;
  }
}

function lastIn(db: Db): Link | undefined {
  return db.prepare('SELECT number, hash FROM entries ORDER BY number DESC LIMIT 1').get() as
    | Link
    | undefined;
}

function hashOf(previous: string, entry: Omit<AuditEntry, 'hash'>): string {
  return hash('sha256', `${previous}\n${stableJson(entry)}`, 'hex');
}

/** As the file will give it back, so that its hash holds; what is too long says how long it was. */
function shortened(change: unknown): unknown {
  const text = stableJson(change);
  return text.length <= LONGEST_CHANGE ? parseKept(text) : { cut: true, characters: text.length };
}

function toEntry({ change, ...rest }: Row): AuditEntry {
  return { ...rest, ...(change === null ? {} : { change: parsed(change) }) };
}

/** What somebody spoiled does not fit its hash, whatever it reads as. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
