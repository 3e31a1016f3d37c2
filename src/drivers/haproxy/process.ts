// Our own HAProxy: started detached, found again after our death by its pid file, reloaded through its master socket.
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { OpError } from '../../model/errors.ts';
import { adminSocket } from './render/global.ts';
import { ask, askMaster, askThroughMaster } from './sockets.ts';
import { infoField } from './worker-state.ts';

export interface ProcessOptions {
  readonly binary: string;
  readonly runDir: string;
  /** Words before the binary: a test runs it in another namespace. */
  readonly prefix?: readonly string[];
}

/** Answers to commands, in order. */
export type Tell = (commands: readonly string[]) => Promise<readonly string[]>;

const START_TIMEOUT_MS = 15_000;
const POLL_MS = 10;

export class HaproxyProcess {
  readonly #options: ProcessOptions;
  readonly config: string;
  readonly #pidFile: string;
  readonly #master: string;
  readonly #log: string;
  #lastPid: number | undefined;
  /** Once is enough: what starts later is started by us. */
  #isSearched = false;

  constructor(options: ProcessOptions) {
    const { runDir } = options;
    this.#options = options;
    this.config = `${runDir}/haproxy.cfg`;
    this.#pidFile = `${runDir}/haproxy.pid`;
    this.#master = `${runDir}/master.sock`;
    this.#log = `${runDir}/haproxy.log`;
  }

  get admin(): string {
    return adminSocket(this.#options);
  }

  get master(): string {
    return this.#master;
  }

  /** The master, if one lives that was started with our socket: a pid alone may have passed to somebody else. */
  pid(): number | undefined {
    // The master writes the file anew at each of its lives: for a moment it is empty.
    const known = [this.#writtenPid(), this.#lastPid].find(
      (pid) => pid !== undefined && (this.#isOurs(pid) || isBetweenLives(pid)),
    );
    // Whoever took the file away must not get a second HAProxy beside the first, on the same ports.
    this.#lastPid = known ?? (this.#isSearched ? undefined : this.#search());
    this.#isSearched = true;
    return this.#lastPid;
  }

  #writtenPid(): number | undefined {
    try {
      return Number(readFileSync(this.#pidFile, 'utf8').trim()) || undefined;
    } catch {
      return undefined;
    }
  }

  #isOurs(pid: number): boolean {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return words.some((word) => word.startsWith(`${this.#master},`));
    } catch {
      return false;
    }
  }

  /** Among all processes: workers have the words of their master, which is parent to them. */
  #search(): number | undefined {
    const ours = this.family();
    return ours.find((pid) => !ours.includes(parentOf(pid)));
  }

  /** Master and workers, as the machine shows them: nobody needs to answer. */
  family(): readonly number[] {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return pids.map(Number).filter((pid) => this.#isOurs(pid));
  }

  async validate(file: string): Promise<{ readonly ok: boolean; readonly output: string }> {
    const child = this.#spawn(['-c', '-f', file], 'pipe');
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', (error) => reject(this.#missing(error)));
      child.on('close', resolve);
    });
    return { ok: code === 0, output: Buffer.concat(chunks).toString('utf8') };
  }

  /** Returns once the worker answers. It lives on without us. */
  async start(): Promise<void> {
    this.#lastPid = undefined;
    for (const path of [this.#pidFile, this.#master, this.admin]) rmSync(path, { force: true });
    const from = this.#logSize();
    const log = openSync(this.#log, 'a', 0o600);
    const child = this.#spawn(
      ['-W', '-S', `${this.#master},mode,600`, '-f', this.config, '-p', this.#pidFile],
      log,
    );
    closeSync(log);
    let ended: string | undefined;
    child.on('error', (error) => {
      ended = error.message;
    });
    const { promise: exit, resolve: onExit } = Promise.withResolvers<'ended'>();
    child.on('exit', (code, signal) => {
      ended = `it ended with ${code ?? signal}`;
      onExit('ended');
    });
    child.unref();
    // On a full disk its pid file stays empty.
    this.#lastPid = child.pid;
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      if (ended !== undefined) throw this.#failed('start', `${ended}: ${this.#logSince(from)}`);
      if (this.pid() !== undefined && (await this.generation()) !== undefined) {
        // The master begins another life once its worker runs, and listens only then. One that dies first never does.
        const listens = this.workers();
        listens.catch(() => {});
        if ((await Promise.race([listens, exit])) !== 'ended') return;
        continue;
      }
      await pause(POLL_MS);
    }
    child.kill('SIGKILL');
    throw this.#failed('start', `it did not answer in ${START_TIMEOUT_MS} ms: ${this.#logSince(from)}`);
  }

  hasMaster(): boolean {
    return existsSync(this.#master);
  }

  /** It serves, and neither can anybody talk to it nor could it read its file again: somebody took the run directory away. */
  async isLost(): Promise<boolean> {
    if (this.pid() === undefined || this.hasMaster() || existsSync(this.admin)) return false;
    return !existsSync(this.config) || !(await this.validate(this.config)).ok;
  }

  /**
   * A lost one begins another life with the file that lies there now: it passes its listening sockets on, and what its workers serve
   * goes on in them.
   */
  async takeOver(generation: string): Promise<void> {
    const before = new Set(this.family());
    const from = this.#logSize();
    process.kill(this.pid() ?? 0, 'SIGUSR2');
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const now = this.hasMaster() ? await this.#worker() : undefined;
      if (now !== undefined && !before.has(now.pid) && now.generation === generation) {
        const [, old] = await this.workers();
        return this.#untilStopping(old, deadline);
      }
      if (this.hasMaster() && (await this.#failures()) > 0)
        throw this.#failed('reload', this.#logSince(from));
      if (this.pid() === undefined) throw this.#failed('reload', `the master ended: ${this.#logSince(from)}`);
      await pause(POLL_MS);
    }
    throw this.#failed('reload', `no new worker in ${START_TIMEOUT_MS} ms: ${this.#logSince(from)}`);
  }

  /** A master whose socket somebody took away makes it anew in its next life, which a signal begins as well. */
  async mendMaster(): Promise<void> {
    const pid = this.pid();
    if (pid === undefined || this.hasMaster()) return;
    // One that cannot read its file again ends, and all that it serves with it.
    const { ok, output } = await this.validate(this.config);
    if (!ok) throw this.#failed('mend', `its socket "${this.#master}" is gone and its file too: ${output}`);
    const before = (await this.#worker())?.pid;
    process.kill(pid, 'SIGUSR2');
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline && this.pid() !== undefined) {
      const now = await this.#worker();
      if (this.hasMaster() && now !== undefined && now.pid !== before)
        return this.#untilStopping(before, deadline);
      await pause(POLL_MS);
    }
    throw this.#failed('mend', `its socket "${this.#master}" is gone and does not come back`);
  }

  /** Old connections go on in the old worker. Throws what the log says when the new one does not come up. */
  async reload(generation: string): Promise<void> {
    const from = this.#logSize();
    const failedBefore = await this.#failures();
    const before = (await this.#worker())?.pid;
    const said = await askMaster(this.#master, 'reload');
    // From 2.7 on the answer tells; before, the connection just closes and the master counts.
    if (/^Success=0/m.test(said)) throw this.#failed('reload', `${said}\n${this.#logSince(from)}`);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < deadline) {
      const now = await this.#worker();
      if (now !== undefined && now.pid !== before && now.generation === generation)
        return this.#untilStopping(before, deadline);
      if ((await this.#failures()) > failedBefore) throw this.#failed('reload', this.#logSince(from));
      if (this.pid() === undefined) throw this.#failed('reload', `the master ended: ${this.#logSince(from)}`);
      await pause(POLL_MS);
    }
    throw this.#failed('reload', `no new worker in ${START_TIMEOUT_MS} ms: ${this.#logSince(from)}`);
  }

  /**
   * Both workers accept on the same sockets, the admin socket too, until the master has told the old one to stop. Before
   * that, the next question could be answered from the past.
   */
  async #untilStopping(old: number | undefined, deadline: number): Promise<void> {
    while (old !== undefined && Date.now() < deadline) {
      const info = await askMaster(this.#master, `@!${old} show info`).catch(() => '');
      if (infoField(info, 'Stopping') !== '0') return;
      await pause(POLL_MS);
    }
  }

  /** What the worker runs with; undefined while none answers. */
  async generation(): Promise<string | undefined> {
    return (await this.#worker())?.generation;
  }

  async #worker(): Promise<{ readonly pid: number; readonly generation: string } | undefined> {
    try {
      const [info = ''] = await ask(this.admin, ['show info']);
      return { pid: Number(infoField(info, 'Pid')), generation: infoField(info, 'description') ?? '' };
    } catch {
      return undefined;
    }
  }

  /** Pids of all workers, the one that takes connections first. */
  async workers(): Promise<readonly number[]> {
    const text = await askMaster(this.#master, 'show proc');
    return [...text.matchAll(/^(\d+)\s+worker/gm)].map((match) => Number(match[1]));
  }

  /** Says something to each worker that a reload left behind, one after another. */
  async tellOldWorkers(say: (tell: Tell) => Promise<void>): Promise<void> {
    if (!this.hasMaster()) return;
    const [, ...old] = await this.workers();
    for (const pid of old)
      try {
        await say((commands) => askThroughMaster(this.#master, `@!${pid}`, commands));
      } catch {
        // It has ended meanwhile, and serves nobody.
      }
  }

  /** Ends it with all its connections: only when nothing is left to serve. */
  async stop(): Promise<void> {
    const pid = this.pid();
    if (pid === undefined) return;
    process.kill(pid, 'SIGTERM');
    for (let waited = 0; waited < START_TIMEOUT_MS; waited += POLL_MS) {
      if (this.pid() === undefined) return;
      await pause(POLL_MS);
    }
    throw this.#failed('stop', 'it does not end');
  }

  async #failures(): Promise<number> {
    try {
      const text = await askMaster(this.#master, 'show proc');
      return Number(/\[failed: (\d+)\]/.exec(text)?.[1] ?? 0);
    } catch {
      // Between two lives of the master nobody listens.
      return 0;
    }
  }

  #spawn(args: readonly string[], output: 'pipe' | number): ChildProcess {
    const [command = '', ...rest] = [...(this.#options.prefix ?? []), this.#options.binary, ...args];
    return spawn(command, rest, {
      detached: true,
      cwd: '/',
      env: { PATH: process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
      stdio: ['ignore', output, output],
    });
  }

  /** One that somebody took away still grows where the master holds it open. */
  #logPath(): string {
    return existsSync(this.#log) ? this.#log : `/proc/${this.pid()}/fd/2`;
  }

  #logSize(): number {
    try {
      return statSync(this.#logPath()).size;
    } catch {
      return 0;
    }
  }

  #logSince(from: number): string {
    let text: string;
    try {
      text = readFileSync(this.#logPath()).subarray(from).toString('utf8');
    } catch {
      return `its log "${this.#log}" is gone`;
    }
    const alerts = text.split('\n').filter((line) => /ALERT|EMERG|failed/i.test(line));
    return (alerts.length > 0 ? alerts : text.split('\n')).join('\n').trim().slice(-4000);
  }

  #failed(op: string, said: string): OpError {
    const isOutOfFiles = /FD limit|Too many open files|maximum number of open files/i.test(said);
    return new OpError(
      'HAPROXY_FAILED',
      `Cannot ${op} HAProxy: ${said}`,
      { op, target: this.config, kernelMessage: said },
      isOutOfFiles
        ? {
            hint: 'Raise the limit of open files ("LimitNOFILE" of the unit, "ulimit -Hn"), or ask for fewer listeners or connections',
          }
        : {},
    );
  }

  #missing(cause: Error): OpError {
    const { binary } = this.#options;
    return new OpError(
      'ENGINE_UNAVAILABLE',
      `Cannot run "${binary}": ${cause.message}`,
      { op: 'exec', target: binary },
      { cause, hint: 'Install the package "haproxy"' },
    );
  }
}

/** A process that executes itself anew has no words for a moment; one that is dead and not yet buried has none for good. */
function isBetweenLives(pid: number): boolean {
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '') return false;
    const state = statOf(pid)[0];
    return state !== 'Z' && state !== 'X';
  } catch {
    return false;
  }
}

function parentOf(pid: number): number {
  try {
    return Number(statOf(pid)[1]);
  } catch {
    return 0;
  }
}

/** State, parent and what follows: the name before them may hold anything. */
function statOf(pid: number): readonly string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(') ') + 2).split(' ');
}

export function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
