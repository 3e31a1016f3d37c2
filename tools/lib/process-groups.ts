// Process groups that test runs have of their own: a Ctrl-C in the terminal does not reach them, so they end with this program.
import { constants } from 'node:os';

const running = new Set<number>();

/** From now until `groupEnded`, what ends this program ends the group. */
export function groupRuns(pid: number): void {
  if (running.size === 0) for (const signal of SIGNALS) process.once(signal, endAll);
  running.add(pid);
}

export function groupEnded(pid: number): void {
  running.delete(pid);
  if (running.size === 0) for (const signal of SIGNALS) process.off(signal, endAll);
}

/** The group holds the test files' own processes too. */
export function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Gone already, which is what was wanted.
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function endAll(signal: (typeof SIGNALS)[number]): void {
  for (const pid of running) endGroup(pid);
  process.exit(128 + constants.signals[signal]);
}
