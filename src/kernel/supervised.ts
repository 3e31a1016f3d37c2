// A long-running program that outlives us: started in a session of its own, found again by its pid file, watched until it ends.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { basename } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import { OpError } from '../model/errors.ts';

export interface RunningProgram {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  /** Stops watching; the program goes on. */
  release(): void;
}

/** Told once, when the program is gone. */
type OnExit = (why: string) => void;

/** An adopted program is no child of ours, so nobody tells us of its end: we look. */
const LOOK_MS = 20;

export interface StartOptions {
  readonly command: readonly string[];
  /** Gets what the program says; appended to. */
  readonly logFile: string;
  /** Nice value; programs that keep time want a low one. */
  readonly nice?: number;
  readonly onExit: OnExit;
}

export function startProgram(options: StartOptions): RunningProgram {
  const [file = '', ...args] = options.command;
  const log = openSync(options.logFile, 'a', 0o640);
  let child: ChildProcess;
  try {
    child = spawn(file, args, { detached: true, stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
  const onError = (error: Error): void => options.onExit(error.message);
  const onEnd = (code: number | null, by: string | null): void =>
    options.onExit(code === null ? `ended by ${by}` : `ended with ${code}`);
  child.once('error', onError);
  child.once('exit', onEnd);
  child.unref();
  if (child.pid === undefined)
    throw new OpError('DRIVER_FAILED', `Cannot start "${file}"`, { op: 'spawn', target: file });
  if (options.nice !== undefined) setPriority(child.pid, options.nice);
  return {
    pid: child.pid,
    signal: (signal) => void child.kill(signal),
    release() {
      child.off('exit', onEnd);
      child.off('error', onError);
      child.on('error', () => {});
    },
  };
}

/** The program of the pid file when it lives and is what we started (`command` is its file's name), else undefined. */
export function adoptProgram(
  pidFile: string,
  command: string,
  clock: Clock,
  onExit: OnExit,
): RunningProgram | undefined {
  const pid = readPid(pidFile);
  const born = pid === undefined ? undefined : birthOf(pid, command);
  if (pid === undefined || born === undefined) return undefined;
  let cancel: () => void = () => {};
  const look = (): void => {
    if (birthOf(pid, command) === born) cancel = clock.after(LOOK_MS, look);
    else onExit('ended');
  };
  look();
  return {
    pid,
    signal: (signal) => {
      if (birthOf(pid, command) === born) process.kill(pid, signal);
    },
    release: () => cancel(),
  };
}

export function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8').trim());
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    // No file: nothing runs.
    return undefined;
  }
}

/** Start time in ticks, which tells a process from a later one of the same number; undefined when it is gone or another. */
function birthOf(pid: number, command: string): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const open = stat.indexOf('(');
    const close = stat.lastIndexOf(')');
    const name = stat.slice(open + 1, close);
    const rest = stat.slice(close + 2).split(' ');
    // A zombie does nothing any more. The kernel keeps 15 characters of the name.
    if (rest[0] === 'Z' || rest[0] === 'X' || name !== basename(command).slice(0, 15)) return undefined;
    return rest[19];
  } catch {
    return undefined;
  }
}
