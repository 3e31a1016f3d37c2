// The static checks, found by name: tsc, biome, every tools/check-*.ts, and every tools/gen-*.ts with --check.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';

export interface CheckOutcome {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

interface Check {
  readonly name: string;
  readonly command: readonly string[];
}

/** A check that hangs is ended after this long. */
const LIMIT_MS = 120_000;

export function findChecks(root: string): Check[] {
  const node = [process.execPath, '--disable-warning=ExperimentalWarning'];
  const scripts = (glob: string) =>
    globSync(glob, { cwd: root })
      .filter((file) => !file.endsWith('.test.ts'))
      .sort();
  const nameOf = (file: string) => file.replace(/^tools\/(check-)?/, '').replace(/\.ts$/, '');
  return [
    { name: 'types', command: ['node_modules/.bin/tsc'] },
    { name: 'lint+format', command: ['node_modules/.bin/biome', 'check', '--max-diagnostics=200', '.'] },
    ...scripts('tools/check-*.ts').map((file) => ({ name: nameOf(file), command: [...node, file] })),
    ...scripts('tools/gen-*.ts').map((file) => ({ name: nameOf(file), command: [...node, file, '--check'] })),
  ];
}

/** Runs them as many at once as there are processors, telling of each as it ends. */
export async function runChecks(root: string, say: (line: string) => void): Promise<CheckOutcome[]> {
  const queue = findChecks(root);
  const outcomes: CheckOutcome[] = [];
  const worker = async () => {
    for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
      const outcome = await runCheck(check, root);
      say(
        `check ${outcome.name.padEnd(22)} ${outcome.ok ? 'ok    ' : 'FAILED'} ${outcome.seconds.toFixed(1).padStart(5)} s\n`,
      );
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.max(2, availableParallelism()) }, worker));
  return outcomes;
}

function runCheck(check: Check, root: string): Promise<CheckOutcome> {
  const started = performance.now();
  const [program, ...args] = check.command;
  return new Promise((resolve) => {
    let output = '';
    const child = spawn(program!, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
    const gather = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', gather);
    child.stderr.on('data', gather);
    const end = (ok: boolean, more = '') =>
      resolve({
        name: check.name,
        ok,
        seconds: (performance.now() - started) / 1000,
        output: output + more,
      });
    child.on('error', (error) => end(false, `Cannot run ${program}: ${error.message}\n`));
    child.on('close', (code, signal) =>
      end(code === 0, signal === null ? '' : `Ended by ${signal} after ${LIMIT_MS / 1000} s\n`),
    );
  });
}
