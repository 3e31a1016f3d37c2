// Everything the driver promises, once more with the HAProxy of the next Debian: each test file with that program.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { exec } from '../../lab/process.ts';
import { nextHaproxy } from './haproxy-next.ts';

const FILE_MS = 300_000;
const root = join(import.meta.dirname, '../..');
const files = globSync(['test/root/haproxy-*.test.ts', 'src/drivers/haproxy/render.test.ts'], { cwd: root });

for (const file of files.sort())
  test(`HAProxy of the next Debian: ${basename(file, '.test.ts')}`, async () => {
    const env = { SY_HAPROXY: await nextHaproxy() };

    // A child of a test runner would report to it instead of to us.
    const argv = ['env', '-u', 'NODE_TEST_CONTEXT', process.execPath, '--test', file];
    const { code, stdout } = await exec(argv, { cwd: root, env, timeoutMs: FILE_MS });

    assert.equal(code, 0, stdout.slice(-6000));
    assert.match(stdout, /^# fail 0|ℹ fail 0/m);
  });
