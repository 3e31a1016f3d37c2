// The record on disk: what a crash or a full disk leaves of it is still read.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { appendFileDigest, loadRecord, Record } from './record.ts';

test('loadRecord() leaves out a torn line, also one that something was appended to', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sy-record-'));
  try {
    const path = join(folder, 'record.jsonl');
    const record = new Record();
    record.generation = 'lbctl-1';
    record.save(path);
    appendFileDigest(path, 'file /a', 'one');
    // The disk was full in the middle of it, and had room again later.
    appendFileSync(path, '{"member":{"kind":"mem');
    appendFileDigest(path, 'file /b', 'two');
    appendFileDigest(path, 'file /c', 'three');

    const read = loadRecord(path)!;

    assert.equal(read.generation, 'lbctl-1');
    assert.deepEqual([...read.files.keys()], ['file /a', 'file /c']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
