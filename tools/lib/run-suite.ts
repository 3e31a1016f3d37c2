// Runs one suite with `node --test` in a process group of its own and gathers what it reports.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Reported } from './json-reporter.ts';
import { endGroup, groupEnded, groupRuns } from './process-groups.ts';
import type { Suite } from './suites.ts';

export interface SuiteResult {
  readonly suite: string;
  readonly files: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  /** Each in full, ready to print. */
  readonly failures: readonly string[];
  /** Files to run again by themselves; none where the run as a whole broke. */
  readonly failedFiles: readonly string[];
  readonly skips: readonly string[];
  readonly slowest: readonly { readonly name: string; readonly file: string; readonly ms: number }[];
}

export function suiteFiles(suite: Suite, root: string): string[] {
  const found = (globs: readonly string[]) => new Set(globs.flatMap((glob) => globSync(glob, { cwd: root })));
  return [...found(suite.globs).difference(found(suite.except ?? []))].sort();
}

export async function runSuite(
  suite: Suite,
  root: string,
  files: readonly string[] = suiteFiles(suite, root),
): Promise<SuiteResult> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  if (files.length === 0) return { ...empty(suite.name), seconds: seconds() };

  const events: Reported[] = [];
  const ended = await spawnTests(suite, files, root, (event) => events.push(event));

  const summary = events.find((event) => event.kind === 'summary');
  const outputs = outputByFile(events);
  const failed = events.filter((event) => event.kind === 'failure');
  const failures = failed.map(
    (event) =>
      `${short(event.file, root)}:${event.line}\n  ${event.name}\n${event.detail}${outputs.get(event.entry) ?? ''}`,
  );
  // A run that was ended, or that broke outside its tests, must not pass as green.
  const broken = ended.problem !== undefined && (failures.length === 0 || summary === undefined);
  if (broken) failures.push(`suite ${suite.name}: ${ended.problem}\n${ended.stderr}`);
  return {
    suite: suite.name,
    files: files.length,
    passed: summary?.passed ?? events.filter((event) => event.kind === 'test').length,
    failed: Math.max(summary?.failed ?? 0, failures.length),
    skipped: summary?.skipped ?? 0,
    seconds: seconds(),
    failures,
    failedFiles: broken ? [] : [...new Set(failed.map((event) => short(event.entry, root)))],
    skips: events
      .filter((event) => event.kind === 'skip')
      .map((event) => `${short(event.file, root)}: ${event.name}: ${event.why}`),
    slowest: events
      .filter((event) => event.kind === 'test')
      .sort((a, b) => b.ms - a.ms)
      .slice(0, 3)
      .map(({ name, file, ms }) => ({ name, file: short(file, root), ms })),
  };
}

interface Ended {
  /** Why the run cannot be trusted; absent when `node --test` ended with 0. */
  readonly problem?: string;
  readonly stderr: string;
}

function spawnTests(
  suite: Suite,
  files: readonly string[],
  root: string,
  onEvent: (event: Reported) => void,
): Promise<Ended> {
  const parallel = Math.min(suite.parallel, Math.max(1, availableParallelism()));
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-concurrency=${parallel}`,
      `--test-timeout=${suite.testTimeoutMs}`,
      `--test-reporter=${new URL('json-reporter.ts', import.meta.url).href}`,
      '--test-reporter-destination=stdout',
      ...files,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], detached: true, env: testEnv() },
  );
  const group = child.pid;
  if (group !== undefined) groupRuns(group);
  return new Promise((resolve, reject) => {
    let stderr = '';
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      if (group !== undefined) endGroup(group);
    }, suite.limitMs);
    createInterface({ input: child.stdout }).on('line', (line) => onEvent(JSON.parse(line) as Reported));
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString()).slice(-20_000);
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(limit);
      if (group !== undefined) groupEnded(group);
      if (late) resolve({ problem: `ended after ${suite.limitMs / 1000} s, its limit`, stderr });
      else if (code === 0) resolve({ stderr });
      else resolve({ problem: `node --test ended with ${code ?? signal}`, stderr });
    });
  });
}

/** Compiled code of the tests: most of the time of a short one is reading what the one before it has read too. */
const COMPILED = join(import.meta.dirname, '../../build/compiled');

/** Tests must not think they run inside another `node --test`, nor inherit an operator's settings. */
function testEnv(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, LBCTL_CONFIG: _config, ...env } = process.env;
  return { ...env, NODE_COMPILE_CACHE: COMPILED };
}

function outputByFile(events: readonly Reported[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const event of events) {
    if (event.kind === 'output') texts.set(event.entry, (texts.get(event.entry) ?? '') + event.text);
  }
  return new Map(
    [...texts].map(([file, text]) => [file, `\n  output of this file:\n${text.slice(-50_000)}`]),
  );
}

function empty(suite: string): SuiteResult {
  return {
    suite,
    files: 0,
    passed: 0,
    failed: 0,
    skipped: 0,
    seconds: 0,
    failures: [],
    failedFiles: [],
    skips: [],
    slowest: [],
  };
}

function short(file: string, root: string): string {
  return file.startsWith(root) ? file.slice(root.length).replace(/^\//, '') : file;
}
