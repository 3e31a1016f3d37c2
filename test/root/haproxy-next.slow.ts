// Everything the driver promises, once more with the HAProxy of the next Debian: each test file with that program.
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { nextHaproxy } from './haproxy-next.ts';
import { passesWith } from './next-debian.ts';

const root = join(import.meta.dirname, '../..');
const files = globSync(['test/root/haproxy-*.test.ts', 'src/drivers/haproxy/render.test.ts'], { cwd: root });

for (const file of files.sort())
  test(`HAProxy of the next Debian: ${basename(file, '.test.ts')}`, async () => {
    await passesWith(file, { SY_HAPROXY: nextHaproxy() });
  });
