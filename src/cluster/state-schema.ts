// The tables of state.db. Raised with every change of what is there; what a new release adds, an old file gets at its opening.
import type { DatabaseSync } from 'node:sqlite';

const SCHEMA_VERSION = 2;

const TABLES = `
  CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

  CREATE TABLE IF NOT EXISTS revisions (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL,
    hash TEXT NOT NULL,
    file_set TEXT NOT NULL,
    outcome TEXT NOT NULL
  ) STRICT;

  -- Files change seldom: a revision names a set of them, and sets share their texts.
  CREATE TABLE IF NOT EXISTS file_sets (
    id TEXT NOT NULL,
    position INTEGER NOT NULL,
    file TEXT NOT NULL,
    role TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (id, position)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS texts (digest TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;

  -- One row for each state an object ever had, valid in revisions since <= N < until; until is NULL for what holds now.
  CREATE TABLE IF NOT EXISTS objects (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    spec TEXT NOT NULL,
    author TEXT NOT NULL,
    at_ms INTEGER NOT NULL,
    PRIMARY KEY (kind, name, since)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS objects_until ON objects (until);

  CREATE TABLE IF NOT EXISTS snapshots (
    name TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
`;

export function prepareTables(db: DatabaseSync): void {
  const { user_version: found } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > SCHEMA_VERSION)
    throw new Error(`it was written by a newer release: its version is ${found}, ours ${SCHEMA_VERSION}`);
  if (found === SCHEMA_VERSION) return;
  // Version 1 had a table of this name that nothing ever wrote to.
  if (found === 1) db.exec('DROP TABLE IF EXISTS revisions');
  db.exec(`${TABLES} PRAGMA user_version = ${SCHEMA_VERSION};`);
}
