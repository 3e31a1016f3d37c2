// A connection to one FRR daemon: a command and a zero byte go out; text, three zero bytes and a return code come back.
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';
import { basename } from 'node:path';
import { OpError } from '../model/errors.ts';

const ANSWER_MS = 5000;
const WARNING = 1;

interface Waiting {
  resolve(answer: { readonly code: number; readonly text: string }): void;
  reject(error: Error): void;
}

export class Vty {
  readonly #path: string;
  readonly #socket: Socket;
  readonly #answerMs: number;
  #received: Buffer = Buffer.alloc(0);
  #waiting: Waiting | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #gone: Error | undefined;

  private constructor(path: string, socket: Socket, answerMs: number) {
    this.#path = path;
    this.#socket = socket;
    this.#answerMs = answerMs;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the daemon closed the connection')));
  }

  static async open(path: string, answerMs = ANSWER_MS): Promise<Vty> {
    const socket = connect(path);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', (cause: NodeJS.ErrnoException) =>
        reject(failure(path, unreached(path, cause), cause)),
      );
    });
    const vty = new Vty(path, socket, answerMs);
    await vty.ask('enable');
    return vty;
  }

  get isOpen(): boolean {
    return this.#gone === undefined;
  }

  /** The answer; throws OpError where the daemon refuses. `shown` stands for the command in messages (secrets). */
  ask(command: string, shown: string = command): Promise<string> {
    const answer = this.#queue.then(() => this.#exchange(command, shown));
    this.#queue = answer.catch(() => {});
    return answer;
  }

  close(): void {
    this.#socket.destroy();
  }

  async #exchange(command: string, shown: string): Promise<string> {
    if (this.#gone !== undefined)
      throw failure(this.#path, `Cannot ask FRR: ${this.#gone.message}`, this.#gone);
    // Zero ends a command and a line break would begin another.
    if (/[\0\r\n]/.test(command))
      throw failure(this.#path, 'Cannot ask FRR with a control character', undefined);
    let timer: NodeJS.Timeout | undefined;
    try {
      const { code, text } = await new Promise<{ code: number; text: string }>((resolve, reject) => {
        this.#waiting = { resolve, reject };
        timer = setTimeout(() => this.#giveUp(resolve), this.#answerMs);
        this.#socket.write(`${command}\0`);
      });
      if (code > WARNING)
        throw failure(this.#path, `Cannot do "${shown}" as FRR says: ${text.trim() || `code ${code}`}`);
      return text;
    } finally {
      clearTimeout(timer);
      this.#waiting = undefined;
    }
  }

  #receive(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const end = this.#received.length - 4;
    if (end < 0 || this.#received.readUIntBE(end, 3) !== 0) return;
    const answer = { code: this.#received[end + 3]!, text: this.#received.toString('utf8', 0, end) };
    this.#received = Buffer.alloc(0);
    this.#waiting?.resolve(answer);
  }

  /** Where this process was busy for as long the answer lies there unread: it is read before this comes. */
  #giveUp(resolve: Waiting['resolve']): void {
    setImmediate(() => {
      if (this.#waiting?.resolve === resolve) this.#end(new Error(`no answer in ${this.#answerMs} ms`));
    });
  }

  #end(error: Error): void {
    this.#gone ??= error;
    this.#socket.destroy();
    this.#waiting?.reject(failure(this.#path, `Cannot ask FRR: ${error.message}`, error));
  }
}

function unreached(path: string, { code, message }: NodeJS.ErrnoException): string {
  const daemon = basename(path, '.vty');
  if (code !== 'ENOENT' && code !== 'ECONNREFUSED') return `Cannot reach ${daemon} of FRR: ${message}`;
  return `Cannot reach ${daemon} of FRR as it does not run: set "${daemon}=yes" in /etc/frr/daemons and start "frr"`;
}

function failure(path: string, message: string, cause?: unknown): OpError {
  return new OpError(
    'HA_REFUSED',
    message,
    { op: 'vty', target: path },
    cause === undefined ? {} : { cause },
  );
}
