// The audit log: its chain shows every kind of tampering, it stays bounded, and survives kills, broken files and full disks.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, test } from 'node:test';
import type { AuditRecord } from '../model/audit.ts';
import { AuditLog } from './audit-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'steelyard-audit-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const fresh = (): string => join(folder, `${++files}`, 'audit.db');
const open = (path: string, limit = 1000, faults: Error[] = []) =>
  AuditLog.open(path, 0, limit, (error) => faults.push(error)).log;
const record = (n: number): AuditRecord => ({
  atMs: 1000 + n,
  who: n % 2 === 0 ? 'unix' : 'token:ci',
  action: 'setOverride',
  target: `web/w${n}`,
  status: 200,
  requestId: `r${n}`,
  change: { body: { state: 'drain', b: [n], a: 'ü' } },
});

test('append() chains over a restart, and list() gives pages both ways', async () => {
  const path = fresh();
  const first = open(path);
  for (let n = 1; n <= 5; n++) first.append(record(n));
  first.close();
  const log = open(path);
  log.append(record(6));

  assert.deepEqual(
    log.list({ limit: 2 }).map((one) => one.number),
    [5, 6],
  );
  assert.deepEqual(
    log.list({ limit: 3, after: 1 }).map((one) => one.number),
    [2, 3, 4],
  );
  assert.deepEqual(
    log.list({ limit: 10, who: 'unix' }).map((one) => one.number),
    [2, 4, 6],
  );
  assert.deepEqual(log.list({ limit: 1, after: 2 })[0]?.change, record(3).change);
  const verdict = await log.verify();
  assert.deepEqual([verdict.ok, verdict.entries, verdict.head.number], [true, 6, 6]);
  log.close();
});

test('verify() shows a changed, removed, added or reordered entry', async () => {
  const crimes: [string, string, RegExp][] = [
    ['changed who', "UPDATE entries SET who = 'somebody' WHERE number = 3", /does not fit/],
    ['changed body', "UPDATE entries SET change = '{}' WHERE number = 3", /does not fit/],
    ['spoiled body', "UPDATE entries SET change = '{' WHERE number = 3", /does not fit/],
    ['changed time', 'UPDATE entries SET at_ms = at_ms + 1 WHERE number = 3', /does not fit/],
    ['removed', 'DELETE FROM entries WHERE number = 3', /are missing/],
    ['cut off', 'DELETE FROM entries WHERE number > 3', /at the end are missing/],
    ['cut at the front', 'DELETE FROM entries WHERE number < 3', /are missing/],
    [
      'hash of another',
      'UPDATE entries SET hash = (SELECT hash FROM entries e WHERE e.number = 2) WHERE number = 3',
      /does not fit/,
    ],
    [
      'swapped',
      'UPDATE entries SET number = CASE number WHEN 2 THEN -2 ELSE -3 END WHERE number IN (2, 3); UPDATE entries SET number = CASE number WHEN -2 THEN 3 ELSE 2 END WHERE number < 0',
      /does not fit/,
    ],
  ];
  for (const [what, crime, why] of crimes) {
    const path = fresh();
    const log = open(path);
    for (let n = 1; n <= 5; n++) log.append(record(n));
    const other = new DatabaseSync(path);
    other.exec(crime);
    other.close();
    const verdict = await log.verify();
    assert.equal(verdict.ok, false, what);
    assert.match(verdict.fault?.why ?? '', why, what);
    log.close();
  }
});

test('a full log forgets its oldest entries, and its chain still holds', async () => {
  const path = fresh();
  const log = open(path, 100);
  for (let n = 1; n <= 1000; n++) log.append(record(n));
  const verdict = await log.verify();
  assert.ok(verdict.ok, JSON.stringify(verdict));
  assert.ok(verdict.entries >= 100 && verdict.entries <= 110, `${verdict.entries}`);
  assert.equal(verdict.first, 1000 - verdict.entries + 1);
  log.close();
  const again = open(path, 100);
  assert.ok((await again.verify()).ok);
  assert.equal(again.append(record(1)).number, 1001);
  again.close();
});

test('a broken file is set aside as it is', async () => {
  const path = fresh();
  open(path).close();
  writeFileSync(path, 'no database'.repeat(1000));
  const { log, setAside } = AuditLog.open(path, 42, 100, () => undefined);
  assert.equal(setAside, `${path}.broken-42`);
  log.append(record(1));
  assert.ok((await log.verify()).ok);
  log.close();
});

test('a log that has no file and can make none is empty, and its entries wait until it can', async () => {
  const path = join(folder, 'file');
  writeFileSync(path, '');
  const { log, readOnly } = AuditLog.open(`${path}/x/audit.db`, 1, 1000, () => undefined);
  assert.match(readOnly ?? '', /ENOTDIR/);
  log.append(record(1));
  assert.deepEqual([log.waiting, log.list({ limit: 10 })], [1, []]);
  assert.equal(log.reopen(), 'refused');
  rmSync(path);
  assert.equal(log.reopen(), 'open');
  assert.deepEqual([log.waiting, log.list({ limit: 10 }).length], [0, 1]);
  assert.ok((await log.verify()).ok);
  log.close();
});

test('append() keeps entries while the disk takes none, and writes them when it does', async () => {
  const path = fresh();
  const faults: Error[] = [];
  const log = open(path, 1000, faults);
  log.append(record(1));
  const other = new DatabaseSync(path);
  // As a full or read-only disk: every insert fails.
  other.exec(
    "CREATE TRIGGER full BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END",
  );
  log.append(record(2));
  log.append(record(3));
  assert.deepEqual([log.waiting, faults.length], [2, 2]);
  assert.ok((await log.verify()).ok);
  other.exec('DROP TRIGGER full');
  other.close();
  log.append(record(4));
  assert.equal(log.waiting, 0);
  assert.deepEqual(
    log.list({ limit: 9 }).map((one) => one.number),
    [1, 2, 3, 4],
  );
  assert.ok((await log.verify()).ok);
  log.close();
});

test('a change that is too long is cut, and says so', async () => {
  const log = open(fresh());
  const entry = log.append({ ...record(1), change: { text: 'x'.repeat(100_000) } });
  assert.deepEqual(entry.change, { cut: true, characters: 100_011 });
  assert.ok((await log.verify()).ok);
  log.close();
});
