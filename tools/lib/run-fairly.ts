// A suite whose failures may be the machine's: where its host took much of its processors away meanwhile, by the kernel's
// own count, the files that failed run again. No limit is loosened, and what was repeated is said.
import { setTimeout as sleep } from 'node:timers/promises';
import { stolenSeconds } from '../../lab/stolen.ts';
import { runSuite, type SuiteResult } from './run-suite.ts';
import type { Suite } from './suites.ts';

/** Stolen seconds in each second of the run, over all processors. A machine of its own has none. */
const MUCH = 0.05;
const MAX_REPEATS = 3;
/** No repeat begins later: who waits for the whole has waited enough. */
const LATEST_S = 1800;
/** More than this many failed files are no accident. */
const MAX_FILES = 8;
/** Before a repeat the machine is looked at this often, until it was left alone in two looks after each other. */
const LOOK_MS = 5000;
const MAX_LOOKS = 96;
const CALM = 0.02;

export interface FairResult extends SuiteResult {
  /** A line for each failure whose file was run again. */
  readonly repeats: readonly string[];
}

/** `say` is told before each repeat, as it may have to wait for minutes. */
export async function runFairly(
  suite: Suite,
  root: string,
  say: (line: string) => void = () => {},
  stolen = stolenSeconds,
  lookMs = LOOK_MS,
): Promise<FairResult> {
  const [startedMs, stolenBefore] = [performance.now(), stolen()];
  let result = await runSuite(suite, root);
  const repeats: string[] = [];
  for (let n = 0; n < MAX_REPEATS && result.failedFiles.length > 0; n++) {
    const lost = stolen() - stolenBefore;
    const seconds = (performance.now() - startedMs) / 1000;
    if (lost < MUCH * seconds || seconds > LATEST_S || result.failedFiles.length > MAX_FILES) break;
    const why = `the host took ${lost.toFixed(0)} s of processor time in ${seconds.toFixed(0)} s`;
    for (const failure of result.failures) repeats.push(`${why}: ${failure.split('\n', 2).join(' ')}`);
    say(`suite ${suite.name}: ${why}; as soon as it is calm again: ${result.failedFiles.join(' ')}\n`);
    await calm(stolen, lookMs);
    result = merge(result, await runSuite(suite, root, result.failedFiles));
  }
  return { ...result, repeats };
}

/** The second run speaks for the files that failed in the first; the number of tests stays. */
function merge(first: SuiteResult, second: SuiteResult): SuiteResult {
  return {
    ...first,
    passed: first.passed + first.failed - second.failed,
    failed: second.failed,
    seconds: first.seconds + second.seconds,
    failures: second.failures,
    failedFiles: second.failedFiles,
  };
}

/** Resolves at the latest after eight minutes: a machine that is never left alone is what it is. */
async function calm(stolen: () => number, lookMs: number): Promise<void> {
  for (let looks = 0, good = 0; looks < MAX_LOOKS && good < 2; looks++) {
    const before = stolen();
    await sleep(lookMs);
    good = stolen() - before < (CALM * lookMs) / 1000 ? good + 1 : 0;
  }
}
