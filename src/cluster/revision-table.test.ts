import assert from 'node:assert/strict';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { NewRevision, ObjectEdit, StoredFile } from '../engine/config-port.ts';
import { RevisionTable } from './revision-table.ts';
import { prepareTables } from './state-schema.ts';

function openTable(kept?: number): { table: RevisionTable; db: DatabaseSync } {
  const db = new DatabaseSync(':memory:');
  prepareTables(db);
  return { db, table: new RevisionTable(db, kept) };
}

const FILES: readonly StoredFile[] = [
  { file: '/etc/a.yaml', role: 'main', text: 'a: 1\n' },
  { file: '/etc/b.yaml', role: 'included', text: 'b: 1\n' },
];

function revision(atMs: number, edits: readonly ObjectEdit[] = [], files = FILES): NewRevision {
  return {
    atMs,
    author: 'root',
    reason: 'test',
    hash: `h${atMs}`,
    files,
    edits,
    outcome: { state: 'pending' },
  };
}

const pool = (name: string, weight: number | undefined): ObjectEdit => ({
  kind: 'pool',
  name,
  spec: weight === undefined ? undefined : { name, members: [{ address: '10.0.0.1', weight }] },
});

describe('RevisionTable', () => {
  it('numbers revisions, keeps what came of them, and gives them newest first, page by page', () => {
    const { table } = openTable();

    assert.deepEqual(
      [1, 2, 3].map((atMs) => table.add(revision(atMs))),
      [1, 2, 3],
    );
    table.setOutcome(2, { state: 'failed', failed: 3, message: 'no' });

    assert.deepEqual(
      table.list(2).map(({ number }) => number),
      [3, 2],
    );
    assert.deepEqual(
      table.list(2, 2).map(({ number }) => number),
      [1],
    );
    assert.deepEqual(table.get(2)?.outcome, { state: 'failed', failed: 3, message: 'no' });
    assert.deepEqual([table.last()?.hash, table.get(9), table.count()], ['h3', undefined, 3]);
  });

  it('gives every revision its own files and objects, however they changed since', () => {
    const { table } = openTable();
    table.add(revision(1, [pool('a', 1), pool('b', 1)]));
    table.add(revision(2, [pool('a', 2)]));
    table.add(revision(3, [pool('b', undefined), pool('c', 1)], [{ ...FILES[0]!, text: 'a: 2\n' }]));

    const weights = (number: number) =>
      table
        .content(number)
        ?.objects.map(({ name, spec }) => [name, (spec.members as { weight: number }[])[0]?.weight]);

    assert.deepEqual(weights(1), [
      ['a', 1],
      ['b', 1],
    ]);
    assert.deepEqual(weights(2), [
      ['a', 2],
      ['b', 1],
    ]);
    assert.deepEqual(weights(3), [
      ['a', 2],
      ['c', 1],
    ]);
    assert.deepEqual(table.content(2)?.files, FILES);
    assert.deepEqual(
      table.content(3)?.files.map(({ text }) => text),
      ['a: 2\n'],
    );
    assert.deepEqual(
      table.objects().map(({ name, atMs }) => [name, atMs]),
      [
        ['a', 2],
        ['c', 3],
      ],
    );
  });

  it('forgets what is old, save what a snapshot names', () => {
    const { table, db } = openTable(10);
    const text = (n: number): readonly StoredFile[] => [{ file: 'a', role: 'main', text: `v: ${n}` }];
    for (let n = 1; n <= 128; n++) {
      table.add(revision(n, [pool('a', n)], text(n)));
      if (n === 5) table.addSnapshot({ name: 'first', revision: 5, atMs: 5, author: 'me', reason: '' });
    }

    const rows = (name: string) => (db.prepare(`SELECT count(*) AS n FROM ${name}`).get() as { n: number }).n;
    assert.equal(table.get(6), undefined);
    assert.equal(table.content(5)?.files[0]?.text, 'v: 5');
    assert.equal(table.content(5)?.objects.length, 1);
    assert.equal(table.content(128)?.files[0]?.text, 'v: 128');
    for (const name of ['revisions', 'objects', 'file_sets', 'texts']) assert.equal(rows(name), 12, name);
  });

  it('keeps one snapshot of a name, and says what was not there', () => {
    const { table } = openTable();
    table.add(revision(1));
    const snapshot = { name: 'good', revision: 1, atMs: 1, author: 'me', reason: 'before' };

    assert.deepEqual([table.addSnapshot(snapshot), table.addSnapshot(snapshot)], [true, false]);
    assert.deepEqual(table.snapshots(), [snapshot]);
    assert.deepEqual([table.removeSnapshot('good'), table.removeSnapshot('good')], [true, false]);
  });
});
