// Makes what guests run and should not have to compile: lbctl as an executable, and the compiled code of the tests.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildExecutable } from '../../../packaging/executable.ts';
import { COMPILED, GUEST_FOLDER, LBCTL } from './guest-paths.ts';
import { CHECKOUT } from './run-in-guest.ts';

export async function buildGuestProgram(): Promise<void> {
  mkdirSync(GUEST_FOLDER, { recursive: true });
  const work = join(GUEST_FOLDER, 'work');
  await buildExecutable({ root: CHECKOUT, version: '0.0.0', work, output: LBCTL });
  rmSync(work, { recursive: true });
}

export function compileForGuest(): void {
  mkdirSync(COMPILED, { recursive: true });
  execFileSync(process.execPath, [join(import.meta.dirname, 'compile-all.ts')], {
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILED, NODE_TEST_CONTEXT: undefined },
  });
}
