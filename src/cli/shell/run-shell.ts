// lbctl shell on a terminal or a pipe: lines, completion, a history file; errors are told and the shell goes on.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { InputError } from '../../model/errors.ts';
import { type Client, listAll, word } from '../client.ts';
import { type ExitCode, exitCodeOf } from '../exit-code.ts';
import { findDaemon } from '../find-daemon.ts';
import type { Session } from '../session.ts';
import { toLbError } from '../tell-error.ts';
import type { Spec } from './service-words.ts';
import { type ShellPort, ShellSession } from './shell-session.ts';

const MOST_HISTORY = 1000;
/** Ten seconds. */
const MOST_LOOKS = 100;
const LOOK_MS = 100;
/** Commands that read keys, or never end. */
const OWN_TERMINAL = new Set(['top', 'shell', 'daemon']);

interface Outcome {
  readonly state: string;
  readonly failed?: number;
  readonly held?: number;
  readonly message?: string;
}

interface Named {
  readonly name: string;
}

export async function runShell(
  session: Session,
  command: Command,
  run: (words: readonly string[]) => Promise<ExitCode>,
): Promise<void> {
  const { stdin, stdout } = process;
  const interactive = stdin.isTTY === true && stdout.isTTY === true;
  const client = await findDaemon(session, command);
  let code: ExitCode = 0;
  const port = portOf(client, session, async (words) => {
    if (OWN_TERMINAL.has(words[0] ?? ''))
      throw new InputError(
        'USAGE',
        `Cannot run "${words[0]}" in the shell as it wants the terminal for itself`,
        {
          hint: 'Leave with "exit", or use another terminal',
        },
      );
    code = await run(words);
  });
  const shell = new ShellSession(port);
  const file = historyFile(session.toolbox.env);
  const lines = createInterface({
    input: stdin,
    output: stdout,
    terminal: interactive,
    history: interactive && file !== undefined ? readHistory(file) : [],
    historySize: MOST_HISTORY,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, found: [string[], string]) => void) => {
      completions(line, shell, port, session).then(
        (found) => done(null, found),
        () => done(null, [[], line]),
      );
    },
  });
  lines.on('history', (history: string[]) => {
    if (interactive && file !== undefined) keepHistory(file, history);
  });
  // Ctrl-C drops the line, as shells do; Ctrl-D ends.
  lines.on('SIGINT', () => {
    stdout.write('\n');
    lines.write(null, { ctrl: true, name: 'u' });
    ask();
  });
  const ask = (): void => {
    if (!interactive) return;
    lines.setPrompt(shell.prompt);
    lines.prompt();
  };
  if (interactive) session.print('lbctl: "help" lists the words, Tab completes, "exit" leaves\n');
  const attempt = async (act: () => boolean | Promise<boolean>): Promise<boolean> => {
    try {
      code = 0;
      return await act();
    } catch (error) {
      const { code: word, message, hint } = toLbError(error);
      session.tell(`error[${word}]: ${message}\n  hint: ${hint}\n`);
      code = exitCodeOf(word);
      return false;
    }
  };
  let left = false;
  ask();
  for await (const line of lines) {
    left = await attempt(() => shell.line(line));
    if (left) break;
    // A script must not go on with half of what it meant.
    if (!interactive && code !== 0) break;
    ask();
  }
  lines.close();
  // Its input ended, and nothing of what it staged was done.
  if (!left && code === 0)
    await attempt(() => {
      shell.requireNoneStaged();
      return true;
    });
  session.exitCode = interactive ? 0 : code;
}

function portOf(client: Client, session: Session, run: ShellPort['run']): ShellPort {
  return {
    run,
    print: (text) => session.print(text),
    async readService(name) {
      try {
        const found = await client.get<{ spec?: Spec }>(`/v1/listeners/${word(name)}`);
        return found.spec;
      } catch (error) {
        if (toLbError(error).code === 'NOT_FOUND') return undefined;
        throw error;
      }
    },
    services: async () => (await listAll<Named>(client, '/v1/listeners')).map((one) => one.name),
    vips: async () => (await listAll<Named>(client, '/v1/vips')).map((one) => one.name),
    async write(objects, gone, dryRun) {
      const answer = await client.call<{ revision?: number; plan?: { summary: Record<string, number> } }>(
        'POST',
        '/v1/objects',
        {
          ...(dryRun ? { query: { dry_run: 'true' } } : {}),
          body: {
            objects: objects.map((spec) => ({ kind: 'listener', spec })),
            delete: gone.map((name) => ({ kind: 'listener', name })),
          },
        },
      );
      if (answer.revision !== undefined) return outcomeOf(client, answer.revision);
      const { add = 0, change = 0, remove = 0, held = 0 } = answer.plan?.summary ?? {};
      return `${add} to add, ${change} to change, ${remove} to remove${held === 0 ? '' : `, ${held} held back`}\n`;
    },
    async toYaml(value) {
      const { stringify } = await import('yaml');
      return stringify(value ?? null, { lineWidth: 0 });
    },
  };
}

/** A write answers when it is accepted; who works by hand wants to see what came of it. */
async function outcomeOf(client: Client, revision: number): Promise<string> {
  for (let look = 0; look < MOST_LOOKS; look++) {
    const { outcome } = await client.get<{ outcome: Outcome }>(`/v1/revisions/${revision}`);
    const { state, failed = 0, held = 0, message } = outcome;
    if (state !== 'pending') {
      const left = [
        failed === 0 ? '' : `, ${failed} steps failed`,
        held === 0 ? '' : `, ${held} held back`,
      ].join('');
      return `revision ${revision} is ${state}${left}${message === undefined ? '' : `: ${message}`}\n`;
    }
    await sleep(LOOK_MS);
  }
  return `revision ${revision} is not applied yet: "lbctl history" tells when\n`;
}

/** Words of the mode, names where a name belongs; in the root all that lbctl itself would complete. */
async function completions(
  line: string,
  shell: ShellSession,
  port: ShellPort,
  session: Session,
): Promise<[string[], string]> {
  const words = line.trimStart().split(/\s+/);
  const current = words.at(-1) ?? '';
  const fits = (all: readonly string[]): [string[], string] => [
    [...new Set(all)]
      .filter((one) => one.startsWith(current))
      .sort()
      .map((one) => `${one} `),
    current,
  ];
  if (shell.mode === 'config' && words.length === 2 && /^(service|delete)$/.test(words[0]!))
    return fits(await port.services());
  if (shell.mode === 'service' && words.length === 2 && words[0] === 'vip') return fits(await port.vips());
  const own = Object.keys(shell.words).map((one) => one.split(' '));
  const next = own
    .filter(
      (one) =>
        one.length >= words.length && one.slice(0, words.length - 1).every((part, i) => part === words[i]),
    )
    .map((one) => one[words.length - 1]!);
  if (shell.mode !== 'root') return fits(next);
  const { complete } = await import('../completion/complete.ts');
  const { createProgram } = await import('../program.ts');
  const told = await complete(createProgram(session), words, session);
  return fits([
    ...next,
    ...told
      .split('\n')
      .map((one) => one.split('\t', 1)[0]!)
      .filter((one) => one !== '' && !one.startsWith(':')),
  ]);
}

/** XDG Base Directory: state that is worth keeping and not worth a backup. */
function historyFile(env: Readonly<Record<string, string | undefined>>): string | undefined {
  if (env.LBCTL_HISTORY !== undefined) return env.LBCTL_HISTORY === '' ? undefined : env.LBCTL_HISTORY;
  const base = env.XDG_STATE_HOME || (env.HOME ? join(env.HOME, '.local/state') : undefined);
  return base === undefined ? undefined : join(base, 'lbctl/history');
}

/** Newest first, as readline wants it. */
function readHistory(file: string): string[] {
  return existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .reverse()
    : [];
}

/** A home that cannot be written is no reason to end. */
function keepHistory(file: string, history: readonly string[]): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, `${[...history].reverse().join('\n')}\n`, { mode: 0o600 });
  } catch {
    // The next line is tried again.
  }
}
