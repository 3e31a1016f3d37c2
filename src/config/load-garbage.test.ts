// What a load leaves behind must go with the next small collection: a daemon loads forty times a second while its API is written to.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { loadConfig } from './load.ts';
import { objectsFile } from './objects-file.ts';
import type { ParsedFile } from './source.ts';
import { parseYaml } from './yaml/parse-yaml.ts';

const LOADS = 200;

setFlagsFromString('--expose-gc');
// What V8 makes old at once, by what it saw live long before, is another matter.
setFlagsFromString('--no-allocation-site-pretenuring');
const collect = runInNewContext('gc') as (options?: { readonly type: 'minor' }) => void;

function grownOld(): number {
  const old = getHeapSpaceStatistics().filter(({ space_name: name }) => name === 'old_space');
  return old.reduce((bytes, space) => bytes + space.space_used_size, 0);
}

function load(files: readonly ParsedFile[]): void {
  for (let i = 0; i < LOADS; i++) {
    assert.ok(loadConfig(files, process.env).intent);
    if (i % 5 === 4) collect({ type: 'minor' });
  }
}

test('loadConfig() leaves nothing that only a full collection takes away', () => {
  const main = parseYaml({
    file: 'main.yaml',
    role: 'main',
    text: 'version: 1\npools:\n  - { name: a, members: [{ address: 192.0.2.1, port: 80 }] }\n',
  });
  assert.ok(main.ok);
  const objects = Array.from({ length: 1000 }, (_, i) => ({
    section: 'pools' as const,
    name: `p${i}`,
    spec: { members: [{ address: '192.0.2.1', port: 80 }] },
  }));
  const files = [main.file, objectsFile(objects)];
  load(files);
  collect();
  const before = grownOld();

  load(files);

  const perLoad = (grownOld() - before) / LOADS;
  assert.ok(perLoad < 2000, `${Math.round(perLoad)} bytes of each load grew old`);
});
