// Keeps virtual processors from resting. A host gives a resting one to others and brings it back tens of milliseconds late, which
// the kernel counts as stolen; one that never rests keeps its share. What does the keeping yields to whatever else wants to run.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** `pause` leaves the other thread of the core its resources. Who started it may have been killed: then it ends too. */
const LOOP =
  'while (process.ppid === Number(process.argv[1])) for (let i = 0; i < 1000; i++) Atomics.pause(1000);';

export interface Keeping {
  /** One for each processor; none on a machine of its own. */
  readonly loops: readonly ChildProcess[];
  end(): void;
}

/** Without chrt nothing is kept awake, and nothing fails. */
export function keepAwake(isGuest = hasHypervisor()): Keeping {
  const loops = isGuest ? Array.from({ length: availableParallelism() }, startLoop) : [];
  const end = (): void => {
    for (const loop of loops) loop.kill('SIGKILL');
  };
  return { loops, end };
}

/**
 * SCHED_IDLE: gives way to whatever wakes up, which the kernel sends there as to a free processor. What computes without a rest is
 * not fetched over from a busy one, though: nothing for times in which all is busy.
 */
function startLoop(): ChildProcess {
  const loop = spawn('chrt', ['--idle', '0', process.execPath, '-e', LOOP, String(process.pid)], {
    stdio: 'ignore',
  });
  loop.on('error', () => {});
  loop.unref();
  return loop;
}

function hasHypervisor(): boolean {
  try {
    return /^flags\s*:.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'utf8'));
  } catch {
    // No Linux: nothing is known of it.
    return false;
  }
}
