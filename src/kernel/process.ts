// Running a program of the operator's: as another user where asked, in a process group of its own that dies with us.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface ProgramOptions {
  readonly user?: string;
  /** The whole environment; nothing of ours is added but PATH. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to its standard input. */
  readonly input?: string;
}

export type ProgramEnd =
  | { readonly kind: 'exit'; readonly code: number; readonly output: string }
  | { readonly kind: 'killed'; readonly by: string; readonly output: string }
  /** The signal aborted; the program and all it started are gone. */
  | { readonly kind: 'aborted'; readonly output: string }
  | { readonly kind: 'not-run'; readonly why: string };

/** What a program says is kept for a reason only. */
const MAX_OUTPUT_BYTES = 4096;

/** Never throws. Ends when the program itself ends, whatever it left behind: that is killed with its group. */
export function runProgram(
  command: readonly string[],
  options: ProgramOptions,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const call = asUser(options.user, command);
    if (call === undefined) {
      resolve({ kind: 'not-run', why: `no user "${options.user}"` });
      return;
    }
    const child = spawn(...call, {
      // A group of its own: what it forks dies with it, and a Ctrl-C at our terminal does not reach it.
      detached: true,
      env: { PATH: process.env.PATH ?? '/usr/bin:/bin', ...options.env },
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    let output = '';
    const onOutput = (chunk: Buffer): void => {
      if (output.length < MAX_OUTPUT_BYTES) output += chunk.toString('latin1');
    };
    const finish = (end: ProgramEnd): void => {
      signal.removeEventListener('abort', onAbort);
      child.removeAllListeners();
      child.on('error', () => {});
      child.stdout?.destroy();
      child.stderr?.destroy();
      killGroup(child.pid);
      resolve(end);
    };
    const onAbort = (): void => finish({ kind: 'aborted', output });

    signal.addEventListener('abort', onAbort);
    child.stdout?.on('data', onOutput);
    child.stderr?.on('data', onOutput);
    // A program that does not read its input is no error of ours.
    child.stdin?.on('error', () => {});
    child.stdin?.end(options.input);
    child.on('error', (error: NodeJS.ErrnoException) =>
      finish({ kind: 'not-run', why: error.code ?? error.message }),
    );
    // `exit`, not `close`: a grandchild that holds the pipes open must not hold us up.
    child.on('exit', (code, by) =>
      finish(code === null ? { kind: 'killed', by: by ?? '', output } : { kind: 'exit', code, output }),
    );
  });
}

/** setpriv rather than spawn's uid: it also sets the groups and drops capabilities. Undefined: no such user. */
function asUser(
  user: string | undefined,
  command: readonly string[],
): [file: string, args: string[]] | undefined {
  const [program = '', ...rest] = command;
  if (user === undefined) return [program, rest];
  // Without --regid the program would keep our own group, root's.
  const entry = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${user}:`));
  const [, , uid, gid] = entry?.split(':') ?? [];
  if (uid === undefined || gid === undefined) return undefined;
  const drop = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--inh-caps=-all', '--no-new-privs'];
  return ['setpriv', [...drop, '--', program, ...rest]];
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
