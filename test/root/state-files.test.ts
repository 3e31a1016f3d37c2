// The two files a node keeps, on a disk that is full, read-only or gives back garbage: what is there is read, nothing is thrown away.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { AuditLog } from '../../src/cluster/audit-log.ts';
import { StateDb } from '../../src/cluster/state-db.ts';

const folder = mkdtempSync(join(tmpdir(), 'steelyard-state-'));
const mounts: string[] = [];
after(() => {
  for (const at of mounts) run('umount', at);
  rmSync(folder, { recursive: true });
});

function run(program: string, ...args: string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${program} ${args.join(' ')}: ${stderr}`);
}

/** A disk of one megabyte. */
function openDisk(name: string): string {
  const at = join(folder, name);
  mkdirSync(at);
  run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', at);
  mounts.push(at);
  return at;
}

function fill(disk: string): void {
  const { bfree, bsize } = statfsSync(disk);
  writeFileSync(join(disk, 'ballast'), Buffer.alloc(bfree * bsize));
}

const record = { atMs: 1, who: 'unix', action: 'reload', target: '', status: 200, requestId: 'r' };

interface Kept {
  readonly setAside?: string;
  readonly readOnly?: string;
  /** What stood there before. */
  readonly found: unknown;
  readonly write: () => void;
  readonly close: () => void;
}

/** Each opens its file, and says what it found of the write before. */
const FILES: Readonly<Record<string, (path: string, faults: Error[]) => Kept>> = {
  'state.db'(path, faults) {
    const { db, ...rest } = StateDb.open(path, 7);
    const write = (): void => {
      try {
        db.remember('word', 'x'.repeat(20_000));
      } catch (error) {
        faults.push(error as Error);
      }
    };
    return { ...rest, found: db.recall('word') !== undefined, write, close: () => db.close() };
  },
  'audit.db'(path, faults) {
    const { log, ...rest } = AuditLog.open(path, 7, 100, (error) => faults.push(error));
    const write = (): void => void log.append({ ...record, change: { body: 'x'.repeat(20_000) } });
    return { ...rest, found: log.list({ limit: 1 }).length === 1, write, close: () => log.close() };
  },
};

for (const [file, open] of Object.entries(FILES))
  describe(file, () => {
    const begun = (name: string): { disk: string; path: string } => {
      const disk = openDisk(`${file}-${name}`);
      const path = join(disk, 'state', file);
      const kept = open(path, []);
      kept.write();
      kept.close();
      return { disk, path };
    };

    it('is read and not written where the disk is read-only', () => {
      const { disk, path } = begun('read-only');
      run('mount', '-o', 'remount,ro', disk);
      const faults: Error[] = [];
      const kept = open(path, faults);

      assert.ok(kept.readOnly !== undefined);
      assert.deepEqual([kept.found, kept.setAside], [true, undefined]);
      kept.write();
      assert.equal(faults.length, 1, 'the write is refused');
      kept.close();
      assert.deepEqual(readdirSync(join(disk, 'state')), [file]);
    });

    it('is read where the disk is full, and nothing of it is lost', () => {
      const { disk, path } = begun('full');
      fill(disk);
      const faults: Error[] = [];
      const kept = open(path, faults);

      assert.deepEqual([kept.found, kept.setAside], [true, undefined]);
      kept.write();
      assert.ok(faults.length >= 1, 'the write is refused');
      kept.close();
      rmSync(join(disk, 'ballast'));
      const again = open(path, []);
      assert.deepEqual([again.found, again.setAside, again.readOnly], [true, undefined, undefined]);
      again.close();
    });

    it('is set aside where it holds garbage, and begun anew', () => {
      const { path } = begun('garbage');
      writeFileSync(path, Buffer.alloc(8192, 0x5a));
      const kept = open(path, []);

      assert.deepEqual([kept.found, kept.readOnly], [false, undefined]);
      assert.ok(existsSync(kept.setAside ?? ''), kept.setAside ?? 'nothing is set aside');
      kept.close();
    });
  });
