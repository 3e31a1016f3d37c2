import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { OpError } from '../model/errors.ts';
import { StateDb } from './state-db.ts';

const folder = mkdtempSync(join(tmpdir(), 'lbctl-state-'));
after(() => rmSync(folder, { recursive: true }));

const REVISION = {
  atMs: 1,
  author: 'root',
  reason: 'test',
  hash: 'h',
  edits: [],
  outcome: { state: 'pending' },
} as const;

describe('StateDb', () => {
  it('is empty and takes nothing where there is no file and none can be made', () => {
    writeFileSync(join(folder, 'file'), '');
    const { db, readOnly } = StateDb.open(join(folder, 'file/x/state.db'), 1);
    assert.match(readOnly ?? '', /ENOTDIR/);
    assert.equal(db.recall('health'), undefined);
    assert.throws(() => db.remember('health', {}), { code: 'STATE_UNWRITABLE' });
    db.close();
  });

  it('remembers over a reopen', () => {
    const path = join(folder, 'a', 'state.db');
    const before = StateDb.open(path, 1).db;
    before.remember('health', { up: ['a'] });
    before.close();

    const { db, setAside } = StateDb.open(path, 2);

    assert.deepEqual(
      [db.recall('health'), db.recall('nothing'), setAside],
      [{ up: ['a'] }, undefined, undefined],
    );
    db.close();
  });

  it('keeps a broken file aside and goes on with a new one', () => {
    const path = join(folder, 'broken.db');
    writeFileSync(path, 'this is no database, it only looks like a file of some length'.repeat(100));

    const { db, setAside } = StateDb.open(path, 7);

    assert.equal(setAside, `${path}.broken-7`);
    assert.ok(existsSync(setAside));
    db.remember('x', 1);
    assert.equal(db.recall('x'), 1);
    db.close();
  });

  it('lets nobody else read a new one, nor what stands beside it while it is open', () => {
    const path = join(folder, 'closed.db');
    const { db } = StateDb.open(path, 1);
    db.remember('secret', 'hunter2');
    const modes = ['', '-wal', '-shm'].map((ending) => statSync(`${path}${ending}`).mode & 0o777);
    assert.deepEqual(modes, [0o600, 0o600, 0o600]);
    db.close();
  });

  it('takes writes again once the disk does, where what stands there is what was read', () => {
    const path = join(folder, 'late/state.db');
    // A file where the folder should be takes nothing, whoever asks.
    writeFileSync(join(folder, 'late'), '');
    const { db, readOnly } = StateDb.open(path, 1);
    assert.match(readOnly ?? '', /ENOTDIR|EEXIST/);
    assert.throws(() => db.remember('x', 1), /Cannot write "x"/);
    assert.equal(db.reopen(), 'refused');
    rmSync(join(folder, 'late'));
    assert.equal(db.reopen(), 'open');
    db.remember('x', 1);
    const revision = { atMs: 1, author: 'a', reason: 'r', hash: 'h', outcome: { state: 'pending' } } as const;
    assert.equal(db.revisions.add({ ...revision, files: [], edits: [] }), 1);
    db.close();
    assert.equal(StateDb.open(path, 1).db.recall('x'), 1);
  });

  it('does not go on with another file than the one it has read', () => {
    const path = join(folder, 'other/state.db');
    writeFileSync(join(folder, 'other'), '');
    const { db } = StateDb.open(path, 1);
    rmSync(join(folder, 'other'));
    const another = StateDb.open(path, 1).db;
    const revision = { atMs: 1, author: 'a', reason: 'r', hash: 'h', outcome: { state: 'pending' } } as const;
    another.revisions.add({ ...revision, files: [], edits: [] });
    another.close();
    assert.equal(db.reopen(), 'another');
    assert.throws(() => db.remember('x', 1), /Cannot write "x"/);
    db.close();
  });

  it('gives an older file its new tables and lets nobody else read it', () => {
    const path = join(folder, 'old.db');
    const old = new DatabaseSync(path);
    old.exec('CREATE TABLE memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT');
    old.exec('CREATE TABLE revisions (number INTEGER PRIMARY KEY, content TEXT); PRAGMA user_version = 1');
    old.exec(`INSERT INTO memory VALUES ('x', '7')`);
    old.close();

    const { db, setAside } = StateDb.open(path, 1);

    assert.deepEqual([setAside, db.recall('x'), db.revisions.list(9)], [undefined, 7, []]);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    db.close();
  });

  it('tells a full disk by a code, and keeps what was there', () => {
    const path = join(folder, 'full.db');
    StateDb.open(path, 1).db.close();
    // The limit is one of the connection, so it is set from inside.
    const { db } = StateDb.open(path, 1);
    db.remember('small', 1);
    db.limitPages(1);

    const refused = (act: () => void): boolean => {
      try {
        act();
        return false;
      } catch (error) {
        return error instanceof OpError && error.code === 'STATE_UNWRITABLE' && error.op.errno === 'ENOSPC';
      }
    };

    assert.ok(refused(() => db.remember('large', 'x'.repeat(100_000))));
    assert.ok(
      refused(() =>
        db.revisions.add({
          ...REVISION,
          files: [{ file: 'a.yaml', role: 'main', text: 'y'.repeat(100_000) }],
        }),
      ),
    );
    assert.deepEqual([db.recall('small'), db.recall('large'), db.revisions.list(9)], [1, undefined, []]);
    db.close();
  });

  it('survives being killed in the middle of writes, 200 times over', async () => {
    // Eight files side by side: most of a round is the start of the process.
    const survivors = await Promise.all(
      Array.from({ length: 8 }, (_, i) => killTwentyFiveTimes(`killed-${i}.db`)),
    );

    assert.ok(
      survivors.every((written) => written > 25),
      survivors.join(' '),
    );
  });
});

/** What the last writer is known to have written. */
async function killTwentyFiveTimes(name: string): Promise<number> {
  const path = join(folder, name);
  const writer = `
    import { StateDb } from ${JSON.stringify(join(import.meta.dirname, 'state-db.ts'))};
    const { db } = StateDb.open(${JSON.stringify(path)}, 0);
    let n = db.recall('n') ?? 0;
    process.stdout.write('.');
    for (;;) db.remember('n', ++n);
  `;
  let last = 0;
  for (let round = 0; round < 25; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    await sleep(5 + (round % 7) * 3);
    child.kill('SIGKILL');
    await once(child, 'exit');

    const { db, setAside } = StateDb.open(path, 0);
    const now = db.recall<number>('n') ?? 0;
    db.close();
    assert.equal(setAside, undefined);
    assert.ok(now >= last, `round ${round}: ${now} after ${last}`);
    last = now;
  }
  return last;
}
