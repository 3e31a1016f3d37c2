// Mails that could not be sent yet: one file each, tried again with backoff, given up after a day. Survives a restart, and other
// settings: two queues of one folder would send each mail twice.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backoffMs } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Mail } from './mail-message.ts';
import { MailRefused } from './smtp-client.ts';

const RETRY = { firstMs: 15_000, maxMs: 900_000, factor: 2, jitter: 0.2 };
const GIVE_UP_MS = 86_400_000;
/** Longer than anybody waits: the clock was set. */
const NEVER_MS = 2 * RETRY.maxMs;
/** What is half sent when the daemon ends is sent again by the next one, so it has this long. */
const LEAVE_MS = 5000;
/** Beyond this the oldest are dropped: a mail server that is away for a day must not fill the disk. */
const MAX_QUEUED = 1000;

interface QueuedMail {
  readonly mail: Mail;
  readonly attempts: number;
  readonly nextMs: number;
}

export interface MailQueueOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly send: (mail: Mail) => Promise<readonly string[]>;
  /** A mail that is given up, or recipients refused for good. */
  readonly onLost: (mail: Mail, why: string) => void;
  /** Mails wait as the server takes none, or would not outlive a restart: told once, until it is well again. */
  readonly onTrouble: (why: string) => void;
}

export class MailQueue {
  readonly #options: MailQueueOptions;
  readonly #queue = new Map<string, QueuedMail>();
  #sending: Promise<void> | undefined;
  #isPaused = false;
  #cancel: (() => void) | undefined;
  #sequence = 0;
  readonly #told = new Set<'server' | 'disk'>();

  constructor(options: MailQueueOptions) {
    this.#options = options;
    this.#onDisk(() => {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 });
      for (const name of readdirSync(options.folder).sort()) this.#restore(name);
    });
    this.#arm();
  }

  get size(): number {
    return this.#queue.size;
  }

  /** On disk before it returns, where the disk takes it. */
  add(mail: Mail): void {
    const name = `${String(mail.atMs).padStart(14, '0')}-${this.#sequence++}.json`;
    this.#store(name, { mail, attempts: 0, nextMs: this.#options.clock.nowMs() });
    if (this.#queue.size > MAX_QUEUED)
      this.#lose([...this.#queue.keys()].sort()[0]!, `more than ${MAX_QUEUED} mails wait`);
    this.#arm();
  }

  /** Nobody is to send them now; they wait on disk. What is half sent comes to its end. */
  pause(): void {
    this.#isPaused = true;
    this.#cancel?.();
    const { size } = this.#queue;
    if (size > 0) this.#options.onTrouble(`${size} mails wait until there is a mail server again`);
  }

  /** By other settings, which may reach what those before did not: what waits is tried at once. */
  resume(): void {
    this.#isPaused = false;
    const nextMs = this.#options.clock.nowMs();
    for (const [name, queued] of this.#queue) this.#queue.set(name, { ...queued, nextMs });
    this.#arm();
  }

  async close(): Promise<void> {
    this.#isPaused = true;
    this.#cancel?.();
    if (this.#sending === undefined) return;
    const late = new Promise<void>((resolve) => this.#options.clock.after(LEAVE_MS, resolve));
    await Promise.race([this.#sending, late]);
  }

  #restore(name: string): void {
    if (!name.endsWith('.json')) return;
    try {
      this.#queue.set(name, JSON.parse(readFileSync(join(this.#options.folder, name), 'utf8')) as QueuedMail);
    } catch {
      // Cut short by a crash before the rename could happen, or edited by hand: it holds no mail.
      rmSync(join(this.#options.folder, name), { force: true });
    }
  }

  #store(name: string, queued: QueuedMail): void {
    this.#queue.set(name, queued);
    const path = join(this.#options.folder, name);
    this.#onDisk(() => {
      mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.new`, JSON.stringify(queued), { mode: 0o600 });
      renameSync(`${path}.new`, path);
    });
  }

  /** A disk that takes nothing keeps no mail from being sent, and ends nothing. */
  #onDisk(act: () => void): void {
    try {
      act();
      this.#told.delete('disk');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      this.#tell('disk', `Mails that wait are kept in memory alone: ${(error as Error).message}`);
    }
  }

  #tell(what: 'server' | 'disk', why: string): void {
    if (this.#told.has(what)) return;
    this.#told.add(what);
    this.#options.onTrouble(why);
  }

  #lose(name: string, why: string): void {
    const queued = this.#queue.get(name);
    this.#forget(name);
    if (queued !== undefined) this.#options.onLost(queued.mail, why);
  }

  #forget(name: string): void {
    this.#queue.delete(name);
    // Where its file stays it is sent once more after a restart, with the same id.
    this.#onDisk(() => rmSync(join(this.#options.folder, name), { force: true }));
  }

  #arm(): void {
    this.#cancel?.();
    if (this.#isPaused || this.#sending !== undefined || this.#queue.size === 0) return;
    const next = Math.min(...[...this.#queue.values()].map((queued) => this.#waitOf(queued)));
    this.#cancel = this.#options.clock.after(next, () => {
      this.#sending = this.#sendDue().finally(() => {
        this.#sending = undefined;
        this.#arm();
      });
    });
  }

  #waitOf({ nextMs }: QueuedMail): number {
    const waitMs = Math.max(0, nextMs - this.#options.clock.nowMs());
    return waitMs > NEVER_MS ? 0 : waitMs;
  }

  async #sendDue(): Promise<void> {
    for (const [name, queued] of [...this.#queue].sort(([a], [b]) => (a < b ? -1 : 1)))
      if (!this.#isPaused && this.#waitOf(queued) === 0) await this.#sendOne(name, queued);
  }

  async #sendOne(name: string, queued: QueuedMail): Promise<void> {
    const { mail, attempts } = queued;
    const now = this.#options.clock.nowMs();
    try {
      const refused = await this.#options.send(mail);
      this.#told.delete('server');
      this.#forget(name);
      if (refused.length > 0)
        this.#options.onLost({ ...mail, to: refused }, 'the mail server refused these recipients');
    } catch (error) {
      const why = (error as Error).message;
      if (error instanceof MailRefused) this.#lose(name, why);
      else if (now - mail.atMs > GIVE_UP_MS) this.#lose(name, `tried for a day: ${why}`);
      else {
        this.#tell('server', `Mail "${mail.subject}" waits and is tried again for a day: ${why}`);
        const wait = backoffMs(attempts + 1, this.#options.random(), RETRY);
        this.#store(name, { mail, attempts: attempts + 1, nextMs: now + wait });
      }
    }
  }
}
