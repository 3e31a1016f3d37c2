// A failed file runs again only where the machine's host is seen to have taken processor time, and never for ever.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { runFairly } from './run-fairly.ts';
import { SUITES } from './suites.ts';

const CALM = () => 0;
/** An hour more at each look. */
const robbed = () => {
  let seconds = 0;
  return () => (seconds += 3600);
};

/** Two tests that pass, and one that passes from its nth run on. */
async function runOn(passesFrom: number, stolen: () => number) {
  const root = mkdtempSync(join(tmpdir(), 'steelyard-fairly-'));
  const runs = join(root, 'runs');
  try {
    writeFileSync(runs, '');
    writeFileSync(join(root, 'a.test.ts'), "import { test } from 'node:test';\ntest('one', () => {});");
    writeFileSync(
      join(root, 'b.test.ts'),
      `import { test } from 'node:test';
import { appendFileSync, readFileSync } from 'node:fs';
test('two', () => {});
test('late', () => {
  appendFileSync('${runs}', 'x');
  if (readFileSync('${runs}', 'utf8').length < ${passesFrom}) throw new Error('too late');
});`,
    );
    const said: string[] = [];
    const suite = { ...SUITES[0]!, globs: ['**/*.test.ts'] };
    const result = await runFairly(suite, root, (line) => said.push(line), stolen, 1);
    return { result, said, runs: readFileSync(runs, 'utf8').length };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('runFairly() leaves a failure of a calm machine as it is', async () => {
  const { result, runs } = await runOn(2, CALM);

  assert.deepEqual([runs, result.passed, result.failed, result.repeats], [1, 2, 1, []]);
});

test('runFairly() runs the failed file again where the host took time, and says so', async () => {
  const { result, runs, said } = await runOn(2, robbed());

  assert.deepEqual([runs, result.passed, result.failed, result.failures], [2, 3, 0, []]);
  assert.match(
    result.repeats.join(),
    /^the host took 3600 s of processor time in \d+ s: b\.test\.ts:4 {3}late$/,
  );
  assert.match(said.join(), /^suite unit: the host took .*; as soon as it is calm again: b\.test\.ts\n$/);
});

test('runFairly() fails what fails each time, after three repeats', async () => {
  const { result, runs } = await runOn(99, robbed());

  assert.deepEqual([runs, result.passed, result.failed, result.repeats.length], [4, 2, 1, 3]);
  assert.match(result.failures.join(), /too late/);
});
