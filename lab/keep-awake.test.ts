// The processors are kept awake by programs that take nothing from anybody, and end with who started them.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { keepAwake } from './keep-awake.ts';
import { isRunning } from './process.ts';
import { until } from './until.ts';

/** Field 41 of proc_pid_stat(5). */
const SCHED_IDLE = '5';

function policyOf(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]!.split(' ')[38];
}

test('keepAwake() has one idle loop for each processor of a guest, until its end', async () => {
  const { loops, end } = keepAwake(true);
  try {
    assert.equal(loops.length, availableParallelism());
    for (const { pid } of loops) await until('the idle policy', () => policyOf(pid!) === SCHED_IDLE);
  } finally {
    end();
  }
  for (const { pid } of loops) await until('its end', () => !isRunning(pid!));
  assert.deepEqual(keepAwake(false).loops, []);
});

test('keepAwake() outlives nobody who was killed', async () => {
  const program = `import { keepAwake } from ${JSON.stringify(join(import.meta.dirname, 'keep-awake.ts'))};
console.log(keepAwake(true).loops[0].pid);
setInterval(() => {}, 1000);`;
  const run = spawn(process.execPath, ['--input-type=module-typescript', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(run.stdout), 'line')) as [string];

  run.kill('SIGKILL');

  await until('the end of the loop', () => !isRunning(Number(line)));
});
