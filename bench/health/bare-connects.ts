// Runs the bare loop of connects beside which a daemon's checks are seen.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** As the daemon starts a thousand a second: sixteen every sixteen milliseconds. */
const GROUP = { size: 16, everyMs: 16 };

/** Percent of a core for 1,000 connects a second to that port of this machine. */
export function bareConnects(port: number, folder: string, seconds: number): number {
  const program = join(folder, 'bare-connects');
  run('clang', ['-O2', '-o', program, join(import.meta.dirname, 'bare-connects.c')]);
  const words = [port, GROUP.size, GROUP.everyMs, seconds].map(String);
  const [connected, percent] = run(program, words).trim().split(' ').map(Number) as [number, number];
  const asked = (seconds * 1000 * GROUP.size) / GROUP.everyMs;
  if (connected < 0.99 * asked) throw new Error(`only ${connected} of ${asked} bare connects were answered`);
  return percent;
}

function run(program: string, words: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${program} failed: ${error?.message ?? stderr}`);
  return stdout;
}
