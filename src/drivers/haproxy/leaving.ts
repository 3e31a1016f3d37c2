// Servers on their way out: in maintenance from their removal on, deleted once nothing is served any more, cut after a
// grace. A request under way when its member is taken out gets its answer; "shutdown sessions" at once would make it a 502.
import type { ask } from './sockets.ts';

/** The engine has drained already, for as long as the pool says: this is for requests under way, not for flows. */
const GRACE_MS = 2000;
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;
/** Idle connections to it hold a server until HAProxy purges them (pool-purge-delay); after this the next change looks again. */
const GIVE_UP_MS = 60_000;

export interface LeavingPorts {
  readonly ask: typeof ask;
  readonly socket: string;
  readonly nowMs: () => number;
  /** It is in the worker no more. */
  readonly deleted: (server: string) => void;
  /** Ends what workers that reloads left behind serve by them. */
  readonly cutInOldWorkers: (servers: readonly string[]) => Promise<void>;
  /** Runs one at a time with everything else that talks to the worker. */
  readonly exclusive: (work: () => Promise<void>) => Promise<void>;
}

export class Leaving {
  readonly #ports: LeavingPorts;
  /** Since when, by `backend/server`. */
  readonly #since = new Map<string, number>();
  /** Removed from the worker, and maybe still served by those that reloads left behind. */
  readonly #removed = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  constructor(ports: LeavingPorts) {
    this.#ports = ports;
  }

  add(servers: readonly string[]): void {
    if (servers.length === 0) return;
    const nowMs = this.#ports.nowMs();
    for (const server of servers) if (!this.#since.has(server)) this.#since.set(server, nowMs);
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#arm();
  }

  /** Where old workers still serve by it, they are cut after the grace. */
  cut(servers: readonly string[]): void {
    const nowMs = this.#ports.nowMs();
    for (const server of servers) if (!this.#removed.has(server)) this.#removed.set(server, nowMs);
    this.#arm();
  }

  /** It is wanted again. */
  keep(server: string): void {
    this.#since.delete(server);
    this.#removed.delete(server);
  }

  /** Whoever ends, ends after the last request under way, or after the grace. */
  async close(): Promise<void> {
    while (this.#since.size > 0) {
      clearTimeout(this.#timer);
      await this.#sweep();
      if (this.#isEmptyButIdle()) break;
      await new Promise((resume) => setTimeout(resume, FIRST_PAUSE_MS));
    }
    clearTimeout(this.#timer);
  }

  /** All were cut: what still holds them is idle, and HAProxy lets go of it by itself. */
  #isEmptyButIdle(): boolean {
    const nowMs = this.#ports.nowMs();
    return [...this.#since.values()].every((since) => nowMs - since >= GRACE_MS);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#since.size + this.#removed.size === 0) return;
    this.#timer = setTimeout(() => void this.#sweep().then(() => this.#arm()), this.#pauseMs);
    this.#timer.unref();
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }

  #sweep(): Promise<void> {
    return this.#ports.exclusive(async () => {
      const nowMs = this.#ports.nowMs();
      const due = [...this.#removed]
        .filter(([, since]) => nowMs - since >= GRACE_MS)
        .map(([server]) => server);
      for (const server of due) this.#removed.delete(server);
      await this.#ports.cutInOldWorkers(due).catch(() => undefined);
      if (this.#since.size === 0) return;
      const servers: string[] = [];
      const commands: string[] = [];
      for (const [server, since] of this.#since) {
        const age = nowMs - since;
        if (age >= GIVE_UP_MS) this.#since.delete(server);
        else if (age >= GRACE_MS) commands.push(`shutdown sessions server ${server}`);
        if (age >= GIVE_UP_MS) continue;
        commands.push(`del server ${server}`);
        servers.push(server);
      }
      // A worker that does not answer is no place to tidy: what is left stands out at the next change, as a stray.
      const answers = await this.#ports.ask(this.#ports.socket, commands).catch(() => undefined);
      if (answers === undefined) return this.#since.clear();
      const gone = commands.flatMap((command, index) =>
        command.startsWith('del ') && GONE.test(answers[index]!) ? [command.slice('del server '.length)] : [],
      );
      for (const server of gone) {
        this.#since.delete(server);
        this.#ports.deleted(server);
      }
    });
  }
}

/** "No such backend" after a reload that took the listener away. */
const GONE = /Server deleted|No such (server|backend)/i;
