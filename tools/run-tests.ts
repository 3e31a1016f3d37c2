// `make test`: static checks, then every suite; failures in full at the end, and one summing line as the very last.
// `run-tests.ts NAME...` runs these suites alone, without the checks.
import { join } from 'node:path';
import { runChecks } from './lib/run-checks.ts';
import { runSuite, type SuiteResult, suiteFiles } from './lib/run-suite.ts';
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
  const results: SuiteResult[] = [];
  if (names.length === 0) results.push(await checks());
  results.push(...(await inLanes(suites)));

  for (const skip of results.flatMap((result) => result.skips)) process.stdout.write(`skipped ${skip}\n`);
  for (const failure of results.flatMap((result) => result.failures))
    process.stdout.write(`\nFAILED ${failure}\n`);
  const sum = (field: 'passed' | 'failed' | 'skipped') =>
    results.reduce((total, result) => total + result[field], 0);
  const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
  process.stdout.write(`\n${sum('passed')} passed, ${sum('failed')} failed${skipped}\n`);
  return sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
}

async function checks(): Promise<SuiteResult> {
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
    skips: [],
    slowest: [],
  };
}

async function inLanes(suites: readonly Suite[]): Promise<SuiteResult[]> {
  const lanes = Map.groupBy(suites, (suite) => suite.lane);
  const alone = lanes.get('alone') ?? [];
  lanes.delete('alone');
  const results = await Promise.all([...lanes.values()].map(oneAfterAnother));
  return [...results.flat(), ...(await oneAfterAnother(alone))];
}

async function oneAfterAnother(suites: readonly Suite[]): Promise<SuiteResult[]> {
  const done: SuiteResult[] = [];
  for (const suite of suites) {
    const result = await runOrRefuse(suite);
    process.stdout.write(lineOf(result));
    done.push(result);
  }
  return done;
}

async function runOrRefuse(suite: Suite): Promise<SuiteResult> {
  const machine = thisMachine();
  const files = suiteFiles(suite, root).length;
  const reasons = suite.needs.map((need) => whyMissing(need, machine)).filter((why) => why !== undefined);
  if (files === 0 || reasons.length === 0) return runSuite(suite, root);
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
    skips: verdict === 'skipped' ? [why] : [],
    slowest: [],
  };
}

function lineOf(result: SuiteResult): string {
  const state = result.failed > 0 ? 'FAILED' : 'ok';
  const counts = `${result.passed} passed, ${result.failed} failed`;
  const slow = result.slowest
    .filter((test) => test.ms > 5000)
    .map((test) => `    slow: ${(test.ms / 1000).toFixed(1)} s ${test.file}: ${test.name}\n`);
  return `suite ${result.suite.padEnd(6)} ${state.padEnd(6)} ${result.seconds.toFixed(1).padStart(6)} s  ${result.files} files, ${counts}\n${slow.join('')}`;
}

process.exitCode = await main(process.argv.slice(2));
