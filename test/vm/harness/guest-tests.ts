// Runs test files inside one guest and gives every test of theirs as a test of this process.
import assert from 'node:assert/strict';
import { basename, relative } from 'node:path';
import { suite, test } from 'node:test';
import { quote } from './boot-script.ts';
import { COMPILED } from './guest-paths.ts';
import { compileForGuest } from './guest-program.ts';
import { CHECKOUT, runInGuest } from './run-in-guest.ts';
import { type GuestTestResult, parseResults } from './test-events.ts';

const RESULTS_FILE = 'results.ndjson';
export interface GuestTestRun {
  /** Absolute paths of test files below the checkout. */
  readonly files: readonly string[];
  readonly timeoutMs: number;
}

/** Registers the tests once the guest is done; call it at the top level of a test file with `await`. */
export async function testInGuest(run: GuestTestRun): Promise<void> {
  const files = run.files.map((file) => quote(relative(CHECKOUT, file))).join(' ');
  compileForGuest();
  const guest = await runInGuest({
    script: `modprobe -a ip_vs nf_tables veth
exec node_modules/node/bin/node test/vm/harness/inner-run.ts ${files}`,
    env: { NODE_COMPILE_CACHE: COMPILED },
    timeoutMs: run.timeoutMs,
    collect: [RESULTS_FILE],
  });
  const results = parseResults(guest.files[RESULTS_FILE] ?? '');

  for (const file of run.files.map((path) => basename(path))) {
    suite(`guest ${file}`, () => {
      const own = results.filter((result) => result.file === file);
      test('reports at least one test', () => assert.ok(own.length > 0, guest.output));
      for (const result of own) emit(result);
    });
  }
  test('guest run ends as its tests say, and no result is lost', () => {
    const names = run.files.map((path) => basename(path));
    assert.deepEqual(
      results.filter((result) => !names.includes(result.file)),
      [],
    );
    const failed = results.filter((result) => !result.ok).length;
    assert.equal(guest.code, failed === 0 ? 0 : 1, guest.output);
  });
}

function emit(result: GuestTestResult): void {
  const name = `${result.path.join(' > ')} (${Math.round(result.durationMs)} ms in the guest)`;
  test(name, { skip: result.skipped }, () => {
    if (!result.ok) throw new Error(result.failure);
  });
}
