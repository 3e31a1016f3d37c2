import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { cpioFile, cpioFolder, writeCpio } from './cpio.ts';

const folder = mkdtempSync(join(tmpdir(), 'steelyard-cpio-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('writeCpio() makes an archive that busybox unpacks', () => {
  const odd = Buffer.from([0, 1, 2, 3, 4, 5, 6]);

  const archive = writeCpio([
    cpioFolder('bin'),
    cpioFile('bin/tool', '#!/bin/sh\n', 0o755),
    cpioFile('odd', odd),
  ]);
  execFileSync('busybox', ['cpio', '-i', '-d'], {
    cwd: folder,
    input: archive,
    stdio: ['pipe', 'pipe', 'pipe'],
  });

  assert.equal(readFileSync(join(folder, 'bin/tool'), 'utf8'), '#!/bin/sh\n');
  assert.equal(statSync(join(folder, 'bin/tool')).mode & 0o777, 0o755);
  assert.deepEqual(readFileSync(join(folder, 'odd')), odd);
});
