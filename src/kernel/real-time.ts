// Gives a program that somebody else started the time it needs at once: before everything that only computes.
import { readFileSync } from 'node:fs';
import { runProgram } from './process.ts';

/** Below keepalived's (50), which carries addresses; any real-time priority comes before all ordinary programs. */
const PRIORITY = '20';
const CHANGE_MS = 5000;

/** Why the program of this pid file stays an ordinary one, or undefined. */
export async function runInRealTime(pidFile: string): Promise<string | undefined> {
  let pid: string;
  try {
    pid = readFileSync(pidFile, 'utf8').trim();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const command = ['chrt', '--rr', '--pid', PRIORITY, pid];
  const end = await runProgram(command, { env: {} }, AbortSignal.timeout(CHANGE_MS));
  if (end.kind === 'exit' && end.code === 0) return undefined;
  return 'output' in end ? end.output.trim() || end.kind : end.why;
}
