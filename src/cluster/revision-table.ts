// The configurations that were in force, by number: the files and API objects of each, who wanted it, and what came of it.
import { createHash } from 'node:crypto';
import type {
  NewRevision,
  ObjectKind,
  RevisionContent,
  RevisionInfo,
  RevisionOutcome,
  RevisionStore,
  SnapshotInfo,
  StoredFile,
  StoredObject,
} from '../engine/config-port.ts';
import type { Db } from './open-sqlite.ts';
import { inTransaction, writing } from './state-write.ts';

/** Older ones are forgotten, unless a snapshot names them. */
export const KEPT_REVISIONS = 1000;
/** Forgetting walks tables: not with every revision. */
const PRUNE_EVERY = 64;

const INFO = 'number, at_ms AS atMs, author, reason, hash, outcome';
/** What writes of the API say again and again: a file keeps them ready. */
const ADD_REVISION =
  'INSERT INTO revisions (at_ms, author, reason, hash, file_set, outcome) VALUES (?, ?, ?, ?, ?, ?)';
const SET_RESULT = 'UPDATE revisions SET outcome = ? WHERE number = ?';
const END_OBJECT = 'UPDATE objects SET until = ? WHERE kind = ? AND name = ? AND until IS NULL';
const BEGIN_OBJECT = 'INSERT INTO objects (kind, name, since, spec, author, at_ms) VALUES (?, ?, ?, ?, ?, ?)';

interface Row extends Omit<RevisionInfo, 'outcome'> {
  readonly outcome: string;
}

export class RevisionTable implements RevisionStore {
  readonly #db: Db;
  readonly #kept: number;
  /** Files are the same from one revision to the next while only API objects change: their texts are not digested again. */
  readonly #sets = new WeakMap<readonly StoredFile[], string>();

  constructor(db: Db, kept = KEPT_REVISIONS) {
    this.#db = db;
    this.#kept = kept;
  }

  add(revision: NewRevision): number {
    const { atMs, author, reason, hash, files, edits, outcome } = revision;
    const known = this.#sets.get(files);
    const [number, used] = inTransaction(this.#db, 'a revision', () => {
      const set = known ?? this.#fileSet(files);
      const { lastInsertRowid } = this.#db
        .prepare(ADD_REVISION)
        .run(atMs, author, reason, hash, set, JSON.stringify(outcome));
      const number = Number(lastInsertRowid);
      for (const { kind, name, spec } of edits) {
        this.#db.prepare(END_OBJECT).run(number, kind, name);
        if (spec !== undefined)
          this.#db.prepare(BEGIN_OBJECT).run(kind, name, number, JSON.stringify(spec), author, atMs);
      }
      if (number % PRUNE_EVERY === 0) this.#prune(number - this.#kept);
      return [number, set] as const;
    });
    this.#sets.set(files, used);
    return number;
  }

  setOutcome(number: number, outcome: RevisionOutcome): void {
    writing('the result of a revision', () =>
      this.#db.prepare(SET_RESULT).run(JSON.stringify(outcome), number),
    );
  }

  get(number: number): RevisionInfo | undefined {
    const row = this.#db.prepare(`SELECT ${INFO} FROM revisions WHERE number = ?`).get(number);
    return row === undefined ? undefined : toInfo(row as unknown as Row);
  }

  last(): RevisionInfo | undefined {
    return this.list(1)[0];
  }

  list(limit: number, before = Number.MAX_SAFE_INTEGER): readonly RevisionInfo[] {
    const rows = this.#db
      .prepare(`SELECT ${INFO} FROM revisions WHERE number < ? ORDER BY number DESC LIMIT ?`)
      .all(before, limit) as unknown as Row[];
    return rows.map(toInfo);
  }

  count(): number {
    return (this.#db.prepare('SELECT count(*) AS n FROM revisions').get() as { n: number }).n;
  }

  content(number: number): RevisionContent | undefined {
    const info = this.get(number);
    if (info === undefined) return undefined;
    const files = this.#db
      .prepare(
        'SELECT file, role, body AS text FROM revisions r JOIN file_sets s ON s.id = r.file_set ' +
          'JOIN texts USING (digest) WHERE r.number = ? ORDER BY position',
      )
      .all(number) as unknown as StoredFile[];
    const objects = this.#objects('since <= ?1 AND (until IS NULL OR until > ?1)', number);
    return { info, files: files.map((file) => ({ ...file })), objects };
  }

  /** What the API holds now. */
  objects(): readonly StoredObject[] {
    return this.#objects('until IS NULL');
  }

  snapshots(): readonly SnapshotInfo[] {
    const rows = this.#db
      .prepare('SELECT name, revision, at_ms AS atMs, author, reason FROM snapshots ORDER BY at_ms, name')
      .all() as unknown as SnapshotInfo[];
    return rows.map((row) => ({ ...row }));
  }

  /** False where the name is taken. */
  addSnapshot({ name, revision, atMs, author, reason }: SnapshotInfo): boolean {
    const { changes } = writing('a snapshot', () =>
      this.#db
        .prepare(
          'INSERT INTO snapshots (name, revision, at_ms, author, reason) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
        )
        .run(name, revision, atMs, author, reason),
    );
    return changes === 1;
  }

  /** False where there is none of that name. */
  removeSnapshot(name: string): boolean {
    const { changes } = writing('snapshots', () =>
      this.#db.prepare('DELETE FROM snapshots WHERE name = ?').run(name),
    );
    return changes === 1;
  }

  #objects(where: string, ...values: readonly number[]): readonly StoredObject[] {
    const rows = this.#db
      .prepare(
        `SELECT kind, name, spec, author, at_ms AS atMs FROM objects WHERE ${where} ORDER BY kind, name`,
      )
      .all(...values) as unknown as (Omit<StoredObject, 'spec' | 'kind'> & { kind: string; spec: string })[];
    return rows.map(({ kind, spec, ...row }) => ({
      ...row,
      kind: kind as ObjectKind,
      spec: JSON.parse(spec) as StoredObject['spec'],
    }));
  }

  #fileSet(files: readonly StoredFile[]): string {
    const digests = files.map(({ text }) => digestOf(text));
    const id = digestOf(JSON.stringify(files.map(({ file, role }, i) => [file, role, digests[i]])));
    const known = this.#db.prepare('SELECT 1 FROM file_sets WHERE id = ? LIMIT 1').get(id);
    if (known !== undefined) return id;
    const addText = this.#db.prepare('INSERT INTO texts (digest, body) VALUES (?, ?) ON CONFLICT DO NOTHING');
    const addFile = this.#db.prepare(
      'INSERT INTO file_sets (id, position, file, role, digest) VALUES (?, ?, ?, ?, ?)',
    );
    files.forEach(({ file, role, text }, position) => {
      addText.run(digests[position]!, text);
      addFile.run(id, position, file, role, digests[position]!);
    });
    return id;
  }

  #prune(oldest: number): void {
    if (oldest < 1) return;
    this.#db.exec(`
      DELETE FROM revisions WHERE number < ${oldest} AND number NOT IN (SELECT revision FROM snapshots);
      DELETE FROM objects WHERE until <= ${oldest}
        AND NOT EXISTS (SELECT 1 FROM revisions WHERE number >= since AND number < until);
      DELETE FROM file_sets WHERE id NOT IN (SELECT file_set FROM revisions);
      DELETE FROM texts WHERE digest NOT IN (SELECT digest FROM file_sets);
    `);
  }
}

function toInfo({ outcome, ...row }: Row): RevisionInfo {
  return { ...row, outcome: JSON.parse(outcome) as RevisionOutcome };
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
