// Runs programs for labs and tests: once with the result, or in the background until the lab closes.
import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

export interface ExecResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ExecOptions {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * Ctrl-C goes to every program of the terminal's group. Ours ends in order, and needs its short commands for that. Node knows
 * the option here too, its types do not.
 */
const AWAY_FROM_THE_TERMINAL: object = { detached: true };

/** Blocks; for the short commands that build a topology. */
export function execSync(argv: readonly string[], options: ExecOptions = {}): ExecResult {
  const [command, ...args] = argv;
  const result = spawnSync(command!, args, {
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    env: { ...process.env, ...options.env },
    ...AWAY_FROM_THE_TERMINAL,
    ...(options.input === undefined ? {} : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  if (result.error !== undefined && result.status === null && result.signal === null)
    throw new Error(`Cannot run "${argv.join(' ')}": ${result.error.message}`, { cause: result.error });
  return { code: result.status ?? 128, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
}

/** Does not block: servers and timers of this process go on while the program runs. */
export async function exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const child = start(argv, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...options.env } });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout!.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr!.on('data', (chunk: Buffer) => err.push(chunk));
  // A program may end without reading its input.
  child.stdin!.on('error', () => {});
  child.stdin!.end(options.input ?? '');
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return {
      code: code ?? 128,
      stdout: Buffer.concat(out).toString('utf8'),
      stderr: Buffer.concat(err).toString('utf8'),
    };
  } finally {
    clearTimeout(timer);
  }
}

/** Output, or an error that shows what the program said. */
export function mustSync(argv: readonly string[], options?: ExecOptions): string {
  return succeeded(argv, execSync(argv, options));
}

export function succeeded(argv: readonly string[], result: ExecResult): string {
  if (result.code !== 0)
    throw new Error(
      `Cannot run "${argv.join(' ')}" as it ended with ${result.code}: ${(result.stderr || result.stdout).trim()}`,
    );
  return result.stdout;
}

export function start(argv: readonly string[], options: SpawnOptions): ChildProcess {
  const [command, ...args] = argv;
  return spawn(command!, args, options);
}

/** Ends a program we started and waits until it is gone. */
export async function stop(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'exit');
  child.kill(signal);
  await closed;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * When it started, in ticks since the machine did: with its pid that names a process, as pids come again. Undefined for none, and for
 * what has ended but was not waited for by its parent yet.
 */
export function startOf(pid: number): number | undefined {
  try {
    // Fields 3 and 22 of proc_pid_stat(5); the second may hold spaces and brackets.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)!.split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

export function isRunning(pid: number): boolean {
  return startOf(pid) !== undefined;
}

/** The name that the kernel has for a process; empty for none. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // It ended since it was listed.
    return '';
  }
}
