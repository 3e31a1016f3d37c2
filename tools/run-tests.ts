// `make test`: static checks, then every suite; failures in full at the end, and one summing line as the very last.
// `run-tests.ts NAME...` runs these suites alone, without the checks.
import { join } from 'node:path';
import { keepAwake } from '../lab/keep-awake.ts';
import { runChecks } from './lib/run-checks.ts';
import { type FairResult, runFairly } from './lib/run-fairly.ts';
import { suiteFiles } from './lib/run-suite.ts';
import { SUITES, type Suite, thisMachine, verdictOnMissing, whyMissing } from './lib/suites.ts';

const root = join(import.meta.dirname, '..');

async function main(names: readonly string[]): Promise<number> {
  const suites = names.length === 0 ? SUITES : SUITES.filter((suite) => names.includes(suite.name));
  const unknown = names.filter((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    process.stderr.write(
      `Unknown suite ${unknown.join(', ')}: there are ${SUITES.map((suite) => suite.name).join(', ')}\n`,
    );
    return 2;
  }
  const results: FairResult[] = [];
  if (names.length === 0) results.push(await checks());
  results.push(...(await inLanes(suites)));

  for (const skip of results.flatMap((result) => result.skips)) process.stdout.write(`skipped ${skip}\n`);
  const failures = results.flatMap((result) => result.failures);
  // Their names first: what each said may be long, and who reads an extract must see all of them.
  for (const failure of failures) process.stdout.write(`failed ${nameOf(failure)}\n`);
  for (const failure of failures) process.stdout.write(`\nFAILED ${failure}\n`);
  const sum = (field: 'passed' | 'failed' | 'skipped') =>
    results.reduce((total, result) => total + result[field], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`);
  return sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
}

async function checks(): Promise<FairResult> {
  const started = performance.now();
  const outcomes = await runChecks(root, (line) => process.stdout.write(line));
  const failed = outcomes.filter((outcome) => !outcome.ok);
  return {
    suite: 'check',
    files: 0,
    passed: outcomes.length - failed.length,
    failed: failed.length,
    skipped: 0,
    seconds: (performance.now() - started) / 1000,
    failures: failed.map((outcome) => `check ${outcome.name}\n${outcome.output}`),
    failedFiles: [],
    skips: [],
    slowest: [],
    repeats: [],
  };
}

async function inLanes(suites: readonly Suite[]): Promise<FairResult[]> {
  const lanes = Map.groupBy(suites, (suite) => suite.lane);
  const alone = lanes.get('alone') ?? [];
  lanes.delete('alone');
  const results = await Promise.all([...lanes.values()].map(oneAfterAnother));
  // What goes by the clock waits for most of its time. Before, there is no rest, and who keeps awake is in the way.
  const awake = keepAwake();
  try {
    return [...results.flat(), ...(await oneAfterAnother(alone))];
  } finally {
    awake.end();
  }
}

async function oneAfterAnother(suites: readonly Suite[]): Promise<FairResult[]> {
  const done: FairResult[] = [];
  for (const suite of suites) {
    const result = await runOrRefuse(suite);
    process.stdout.write(lineOf(result));
    done.push(result);
  }
  return done;
}

async function runOrRefuse(suite: Suite): Promise<FairResult> {
  const machine = thisMachine();
  const files = suiteFiles(suite, root).length;
  const reasons = suite.needs.map((need) => whyMissing(need, machine)).filter((why) => why !== undefined);
  if (files === 0 || reasons.length === 0)
    return runFairly(suite, root, (line) => process.stdout.write(line));
  const why = `suite ${suite.name} (${files} files) ${reasons.join(' and ')}`;
  const verdict = verdictOnMissing(machine);
  return {
    suite: suite.name,
    files,
    passed: 0,
    failed: verdict === 'failed' ? files : 0,
    skipped: verdict === 'skipped' ? files : 0,
    seconds: 0,
    failures: verdict === 'failed' ? [why] : [],
    failedFiles: [],
    skips: verdict === 'skipped' ? [why] : [],
    slowest: [],
    repeats: [],
  };
}

/** Place and name, the first two lines of every failure. */
function nameOf(failure: string): string {
  return failure.split('\n', 2).join(' ');
}

function lineOf(result: FairResult): string {
  const state = result.failed > 0 ? 'FAILED' : 'ok';
  const counts = `${result.passed} passed, ${result.failed} failed`;
  const slow = result.slowest
    .filter((test) => test.ms > 5000)
    .map((test) => `    slow: ${(test.ms / 1000).toFixed(1)} s ${test.file}: ${test.name}\n`);
  const again = result.repeats.map((line) => `    run again, as ${line}\n`);
  return `suite ${result.suite.padEnd(6)} ${state.padEnd(6)} ${result.seconds.toFixed(1).padStart(6)} s  ${result.files} files, ${counts}\n${slow.join('')}${again.join('')}`;
}

process.exitCode = await main(process.argv.slice(2));
