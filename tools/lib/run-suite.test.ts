// The test runner counts what passed, tells failures in full, and lets nothing broken or left out look green.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isRunning } from '../../lab/process.ts';
import { until } from '../../lab/until.ts';
import { runSuite, suiteFiles } from './run-suite.ts';
import { type Machine, SUITES, type Suite, verdictOnMissing, whyMissing } from './suites.ts';

const imports = "import { test, describe } from 'node:test';\nimport assert from 'node:assert';\n";

async function runOn(files: Record<string, string>, change: Partial<Suite> = {}) {
  const root = mkdtempSync(join(tmpdir(), 'steelyard-suite-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), imports + text);
    }
    return await runSuite({ ...SUITES[0]!, globs: ['**/*.test.ts'], ...change }, root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('runSuite() counts what passed over files and nested tests', async () => {
  const result = await runOn({
    'a.test.ts': "test('one', () => {}); describe('group', () => { test('two', () => {}); });",
    'deep/b.test.ts': "test('three', () => {});",
  });

  assert.deepEqual(
    [result.files, result.passed, result.failed, result.skipped, result.failures],
    [2, 3, 0, 0, []],
  );
});

test('runSuite() tells a failure with its place, its values and what the file printed', async () => {
  const result = await runOn({
    'a.test.ts':
      "console.log('noise of a');\ntest('adds up', () => assert.equal(1, 2));\ntest('fine', () => {});",
  });

  assert.deepEqual([result.passed, result.failed], [1, 1]);
  assert.match(result.failures[0]!, /^a\.test\.ts:4\n {2}adds up/);
  assert.match(result.failures[0]!, /1 == 2/);
  assert.match(result.failures[0]!, /noise of a/);
});

test('runSuite() counts the failing child, not its parents', async () => {
  const result = await runOn({
    'a.test.ts': "describe('group', () => { test('child', () => { throw new Error('boom'); }); });",
  });

  assert.deepEqual([result.passed, result.failed, result.failures.length], [0, 1, 1]);
});

test('runSuite() fails a file that ends or cannot load before its tests', async () => {
  const ended = await runOn({ 'a.test.ts': 'process.exit(3);' });
  const broken = await runOn({ 'a.test.ts': "import './missing.ts';\ntest('never', () => {});" });

  assert.equal(ended.failed, 1);
  assert.equal(broken.failed, 1);
  assert.match(broken.failures.join(), /missing\.ts/);
});

test('runSuite() ends a test, and a whole suite, that hangs', async () => {
  const hang = "test('hangs', async () => { await new Promise((done) => setTimeout(done, 4000)); });";
  const slowTest = await runOn({ 'a.test.ts': hang }, { testTimeoutMs: 200 });
  const slowSuite = await runOn({ 'a.test.ts': hang }, { limitMs: 1500 });

  assert.equal(slowTest.failed, 1);
  assert.equal(slowSuite.failed, 1);
  assert.match(slowSuite.failures[0]!, /ended after 1\.5 s, its limit/);
  assert.ok(slowSuite.seconds < 20);
});

test('runSuite() names what was skipped', async () => {
  const result = await runOn({ 'a.test.ts': "test('later', { skip: 'no moon' }, () => {});" });

  assert.deepEqual([result.passed, result.skipped, result.skips], [0, 1, ['a.test.ts: later: no moon']]);
});

test('suiteFiles() finds every test of the repository in exactly one suite', () => {
  const root = join(import.meta.dirname, '../..');
  const all = suiteFiles({ ...SUITES[0]!, globs: ['{src,tools,test,bench,lab}/**/*.test.ts'] }, root);
  const found = SUITES.flatMap((suite) => suiteFiles(suite, root)).sort();

  assert.deepEqual(found, all);
});

test('whyMissing() says what a suite lacks, and root on Linux may lack nothing', () => {
  const full: Machine = { platform: 'linux', uid: 0, has: () => true, exists: () => true };

  for (const need of ['root', 'netns', 'vm'] as const) assert.equal(whyMissing(need, full), undefined);
  assert.match(whyMissing('root', { ...full, uid: 1000 })!, /uid 1000/);
  assert.match(whyMissing('netns', { ...full, has: () => false })!, /"ip"/);
  assert.match(whyMissing('vm', { ...full, has: () => false })!, /qemu/);
  assert.match(whyMissing('vm', { ...full, platform: 'darwin' })!, /darwin/);
  assert.equal(verdictOnMissing(full), 'failed');
  assert.equal(verdictOnMissing({ ...full, uid: 1000 }), 'skipped');
});

test('what interrupts a run ends its tests too', async () => {
  const root = mkdtempSync(join(tmpdir(), 'steelyard-suite-'));
  const pidFile = join(root, 'pid');
  try {
    const sleeper = `import { writeFileSync } from 'node:fs';
test('sleeps', () => new Promise((done) => { setTimeout(done, 60_000); writeFileSync(${JSON.stringify(pidFile)}, \`\${process.pid}\\n\`); }));`;
    writeFileSync(join(root, 'a.test.ts'), imports + sleeper);
    const runner = `import { runSuite } from ${JSON.stringify(join(import.meta.dirname, 'run-suite.ts'))};
import { SUITES } from ${JSON.stringify(join(import.meta.dirname, 'suites.ts'))};
await runSuite({ ...SUITES[0], globs: ['**/*.test.ts'] }, ${JSON.stringify(root)});`;
    writeFileSync(join(root, 'runner.ts'), runner);
    const run = spawn(process.execPath, [join(root, 'runner.ts')], { stdio: 'ignore' });
    const ended = once(run, 'exit');
    await until('the test to run', () => existsSync(pidFile) && readFileSync(pidFile, 'utf8').endsWith('\n'));
    const pid = Number(readFileSync(pidFile, 'utf8'));

    run.kill('SIGTERM');
    assert.deepEqual(await ended, [143, null]);
    await until('the test to end', () => !isRunning(pid));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
