// Talking to HAProxy: the worker's admin socket for commands and payloads, the master's socket for reloads.
import { existsSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname, join } from 'node:path';
import { OpError } from '../../model/errors.ts';

const TIMEOUT_MS = 10_000;

/**
 * One answer for each command, in order, over one connection. Asked for its prompt, HAProxy ends every answer with it;
 * without, some commands answer nothing at all and answers could not be told apart.
 */
export async function ask(path: string, commands: readonly string[]): Promise<readonly string[]> {
  if (commands.length === 0) return [];
  const answers = await askWorker(path, commands).catch((error: unknown) =>
    isGone(error) && existsSync(masterBeside(path))
      ? askThroughMaster(masterBeside(path), NEWEST, commands)
      : Promise.reject(error),
  );
  if (answers.length < commands.length)
    throw failure(path, 'answer', `${answers.length} of ${commands.length} answers came`);
  return answers;
}

async function askWorker(path: string, commands: readonly string[]): Promise<readonly string[]> {
  const said = `prompt\n${commands.join('\n')}\nquit\n`;
  const text = await insist(
    WORKER_TRIES,
    ({ op }) => op.errno === 'ECONNREFUSED',
    () => exchange(path, said, false),
  );
  return splitAnswers(text, '\n> ').slice(1, commands.length + 1);
}

/**
 * A worker keeps the socket that somebody took out of its directory, and hands it to the next one: no reload makes the name
 * anew. Its master reaches it all the same, and old workers (`@!PID`), whose socket the newest one answers.
 */
export async function askThroughMaster(
  master: string,
  worker: string,
  commands: readonly string[],
): Promise<readonly string[]> {
  const text = await askMaster(master, `prompt\n${worker}\n${commands.join('\n')}\nquit`);
  return splitAnswers(text, WORKER_PROMPT).slice(1, commands.length + 1);
}

const NEWEST = '@1';

/** The pid of the worker that is spoken to, after another one where a command answers nothing at all. */
const WORKER_PROMPT = /(?<=\n|> )\d+> /;

function isGone(error: unknown): boolean {
  return error instanceof OpError && error.op.errno === 'ENOENT';
}

/** A payload ends at its first empty line, so it must hold none. */
export async function askWithPayload(path: string, command: string, payload: string): Promise<string> {
  const lines = payload.split(/\r?\n/).filter((line) => line.trim() !== '');
  const said = `${command} <<\n${lines.join('\n')}\n\n`;
  const master = masterBeside(path);
  const answer = await exchange(path, said, false).catch((error: unknown) =>
    isGone(error) && existsSync(master) ? askMaster(master, `${NEWEST} ${said}`) : Promise.reject(error),
  );
  return answer.trim();
}

/**
 * The master answers and closes only once we have said that nothing more comes. Between two lives of it, around a reload,
 * nobody listens for some milliseconds.
 */
export function askMaster(path: string, command: string): Promise<string> {
  return insist(
    MASTER_TRIES,
    () => true,
    () => exchange(path, `${command}\n`, true),
  );
}

const MASTER_TRIES = 60;
/** A new worker lays its socket in place of the old one's a moment before it listens. */
const WORKER_TRIES = 20;
const PAUSE_MS = 25;

async function insist(
  most: number,
  isPassing: (error: OpError) => boolean,
  work: () => Promise<string>,
): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      const again = error instanceof OpError && error.op.op === 'connect' && isPassing(error) && tries < most;
      if (!again) throw error;
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }
}

/** The first is that of `prompt` itself; after the last prompt nothing comes. */
function splitAnswers(text: string, prompt: string | RegExp): string[] {
  return text
    .split(prompt)
    .slice(0, -1)
    .map((answer) => answer.trimEnd());
}

function exchange(path: string, text: string, halfClose: boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createConnection({ path, allowHalfOpen: true });
    const chunks: Buffer[] = [];
    const timer = setTimeout(
      () => socket.destroy(failure(path, 'wait', 'no answer in time', 'TIMEOUT')),
      TIMEOUT_MS,
    );
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      reject(error instanceof OpError ? error : failure(path, 'connect', error.code ?? error.message)),
    );
    socket.on('end', () => socket.end());
    socket.on('close', (hadError) => {
      clearTimeout(timer);
      if (!hadError) resolve(Buffer.concat(chunks).toString('utf8'));
    });
    socket.write(text);
    if (halfClose) socket.end();
  });
}

/** Both stand in the run directory; see `HaproxyProcess`. */
function masterBeside(path: string): string {
  return join(dirname(path), 'master.sock');
}

function failure(
  path: string,
  op: string,
  why: string,
  code: 'UNREACHABLE' | 'TIMEOUT' = 'UNREACHABLE',
): OpError {
  return new OpError(code, `Cannot ${op} at the socket of HAProxy: ${why}`, { op, target: path, errno: why });
}
