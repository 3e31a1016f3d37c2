// A daemon as a process on the memory engine, read line by line; killed after the tests of the file that started it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

const LBCTL = join(import.meta.dirname, '../../lbctl');
const children = new Set<ChildProcess>();
after(() => {
  for (const child of children) child.kill('SIGKILL');
});

export interface Line {
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Running {
  readonly child: ChildProcess;
  readonly lines: Line[];
  /** Waits at most ten seconds for a line that was not there before. */
  next(msg: string): Promise<Line>;
  readonly ended: Promise<number | null>;
}

export function start(config: string, env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(LBCTL, ['daemon', '-c', config, '--engine-override', 'memory'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  children.add(child);
  const lines: Line[] = [];
  let errors = '';
  let rest = '';
  child.stderr!.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdout!.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) lines.push(JSON.parse(part) as Line);
  });
  let seen = 0;
  return {
    child,
    lines,
    async next(msg) {
      for (let i = 0; i < 500; i++) {
        const at = lines.findIndex((line, index) => index >= seen && line.msg === msg);
        if (at !== -1) {
          seen = at + 1;
          return lines[at]!;
        }
        await sleep(20);
      }
      return assert.fail(`no line "${msg}" among ${JSON.stringify(lines.slice(seen))}\n${errors}`);
    },
    ended: once(child, 'exit').then(([code]) => code as number | null),
  };
}
