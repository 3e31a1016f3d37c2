// script: a program of the operator's decides. Exit 0 is up, 1 is down, 2-255 set the weight to code - 2 where asked.
import { spawn } from 'node:child_process';
import { Secret } from '../../lib/secret.ts';
import { type Checker, type CheckOf, type CheckOutcome, failed, PASSED } from './checker.ts';
import { excerpt } from './tcp.ts';

/** What a script says is kept for the reason only. */
const MAX_OUTPUT_BYTES = 4096;

/** The address and port of the member stand in LBCTL_ADDRESS and LBCTL_PORT. */
export const checkScript: Checker<'script'> = (check, target, signal) =>
  new Promise<CheckOutcome>((resolve) => {
    const [program = '', ...rest] = check.command;
    // A group of its own: whatever the script forks dies with it, and a Ctrl-C at our terminal does not reach it.
    const [file, args] = check.user === undefined ? [program, rest] : asUser(check.user, program, rest);
    const child = spawn(file, args, {
      detached: true,
      env: {
        PATH: process.env.PATH ?? '/usr/bin:/bin',
        LBCTL_ADDRESS: target.address,
        LBCTL_PORT: `${target.port}`,
        ...revealed(check),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const onOutput = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT_BYTES) output += chunk.toString('latin1');
    };
    const finish = (outcome: CheckOutcome): void => {
      signal.removeEventListener('abort', onAbort);
      child.removeAllListeners();
      child.on('error', () => {});
      child.stdout?.destroy();
      child.stderr?.destroy();
      killGroup(child.pid);
      resolve(outcome);
    };
    const onAbort = (): void => finish(failed('Timed out; the script and all it started were killed'));

    signal.addEventListener('abort', onAbort);
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
    child.on('error', (error) =>
      finish(failed(`Cannot run "${program}": ${(error as NodeJS.ErrnoException).code ?? error.message}`)),
    );
    // `exit`, not `close`: a grandchild that holds the pipes open must not hold up the verdict.
    child.on('exit', (code, killedBy) => finish(verdictOn(check, code, killedBy, output)));
  });

/** Exported for its test: pure. */
export function verdictOn(
  check: CheckOf<'script'>,
  code: number | null,
  killedBy: string | null,
  output: string,
): CheckOutcome {
  if (code === 0) return PASSED;
  if (code !== null && code >= 2 && check.dynamicWeight) return { ok: true, weight: code - 2 };
  const said = output.trim() === '' ? '' : `: ${excerpt(output.trim().split('\n').at(-1) ?? '')}`;
  return failed(
    code === null
      ? `The script was ended by ${killedBy}${said}`
      : `The script ended with code ${code}${said}`,
  );
}

/** setpriv rather than spawn's uid: it also drops groups and capabilities, and knows names. */
function asUser(user: string, program: string, rest: readonly string[]): [string, string[]] {
  return ['setpriv', [`--reuid=${user}`, '--init-groups', '--inh-caps=-all', '--', program, ...rest]];
}

function revealed(check: CheckOf<'script'>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(check.environment).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]),
  );
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: nothing of the group is left, as it should be.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
