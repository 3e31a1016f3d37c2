// The bundle's rewriting of source files: nothing in an executable looks for a file beside it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import test from 'node:test';
import { bundle, rewriteSource } from '../../packaging/bundle.ts';

const ROOT = join(import.meta.dirname, '../..');

test('rewriteSource() turns the file of a Worker into an asset', () => {
  const text = "const w = new Worker(new URL('./worker.ts', import.meta.url), { name: 'x' });";
  assert.deepEqual(rewriteSource('src/health/health.ts', text), {
    text: `import { workerUrl as __workerUrl } from 'lbctl:assets';const w = new Worker(__workerUrl("src/health/worker.ts"), { name: 'x' });`,
    workers: ['src/health/worker.ts'],
  });
});

test('rewriteSource() finds a Worker of another folder, over more than one line', () => {
  const text = "new Worker(\n  new URL(\n    '../b/w.ts',\n    import.meta.url,\n  ),\n)";
  assert.deepEqual(rewriteSource('src/a/x.ts', text).workers, ['src/b/w.ts']);
});

test('rewriteSource() leaves other files alone and refuses what would look for a file', () => {
  assert.equal(rewriteSource('src/a.ts', 'const a = 1;').text, 'const a = 1;');
  assert.throws(
    () => rewriteSource('src/a.ts', 'join(import.meta.dirname, "x")'),
    /Cannot bundle src\/a\.ts/,
  );
});

test('bundle() takes modules of Node when they are first used, not when it starts', async () => {
  const { main, workers } = await bundle(ROOT, '0.0.0');

  for (const text of [main, ...workers.values()]) {
    const atStart = [...text.matchAll(/(?:^|[;}])import\b[^;()]*["'](node:[\w/]+)["']/g)].map(
      ([, name]) => name,
    );
    assert.deepEqual(atStart, ['node:module']);
  }
});

test('bundle() reads all files by the same settings, whoever of its plugins finds them first', async () => {
  const { main } = await bundle(ROOT, '0.0.0');

  const heads = [...main.matchAll(/"packaging\/runtime\/[\w-]+\.ts"\(\)\{("use strict")?/g)];
  assert.ok(heads.length > 1);
  for (const [head, strict] of heads) assert.ok(strict, head);
});
