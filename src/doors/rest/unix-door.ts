// Keeps the unix socket of the API where the settings want it: its rights follow at once, another path is served before the old
// one is left, and what still runs there ends. A socket that somebody removed is made again.
import { lstatSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ApiSettings } from '../../model/settings.ts';
import type { EventStreams } from './event-stream.ts';
import { closeApp } from './http-server.ts';
import { listenUnix, setSocketRights, type UnixSocketSettings } from './unix-socket.ts';

/** A reload that moves the socket is answered on the old one, after its round. */
const LEAVE_MS = 60_000;
/** Cleaners of /run, and people, remove sockets; who asks is told that no daemon runs then. */
const LOOK_MS = 5000;

interface Open {
  readonly app: FastifyInstance;
  readonly sockets: WeakSet<Socket>;
  readonly settings: UnixSocketSettings;
  /** Of the socket on disk. */
  readonly inode: number | undefined;
}

export class UnixDoor {
  readonly #streams: EventStreams;
  readonly #build: () => FastifyInstance;
  readonly #leaving = new Set<Promise<void>>();
  #open: Open | undefined;
  #busy: Promise<void> = Promise.resolve();
  #looking: NodeJS.Timeout | undefined;

  constructor(streams: EventStreams, build: () => FastifyInstance) {
    this.#streams = streams;
    this.#build = build;
  }

  /** Path of the socket. */
  get address(): string {
    return this.#open?.settings.path ?? '';
  }

  /** Rejects where it cannot be so; then all stays as it was. */
  setSettings({ socket: path, socketMode: mode, socketGroup: group }: ApiSettings): Promise<void> {
    const turn = this.#busy.then(() => this.#follow({ path, mode, group }));
    this.#busy = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    clearInterval(this.#looking);
    await this.#busy;
    const open = this.#open;
    this.#open = undefined;
    await Promise.all([open === undefined ? undefined : closeApp(open.app), ...this.#leaving]);
  }

  async #follow(settings: UnixSocketSettings): Promise<void> {
    const before = this.#open;
    if (before?.settings.path === settings.path) {
      if (isThere(before)) {
        setSocketRights(settings);
        this.#open = { ...before, settings };
        return;
      }
      // Closing takes the path away, whosever socket is there by then: first this, then the new one.
      this.#leave(before);
    }
    const app = this.#build();
    const sockets = new WeakSet<Socket>();
    app.server.on('connection', (socket) => sockets.add(socket));
    await app.ready();
    await listenUnix(app.server, settings);
    this.#open = { app, sockets, settings, inode: inodeOf(settings.path) };
    if (before !== undefined && before.settings.path !== settings.path) this.#leave(before);
    this.#looking ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  /** Where it cannot be made, the next look tries again. */
  #look(): void {
    const open = this.#open;
    if (open === undefined || isThere(open)) return;
    this.#busy = this.#busy.then(() => this.#follow(open.settings)).catch(() => undefined);
  }

  /** Nobody waits for it: who asks there now may be the one that moved us. */
  #leave({ app, sockets }: Open): void {
    this.#streams.closeWhere((socket) => sockets.has(socket));
    const left = closeApp(app, LEAVE_MS).finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}

function isThere({ settings, inode }: Open): boolean {
  return inode !== undefined && inodeOf(settings.path) === inode;
}

function inodeOf(path: string): number | undefined {
  try {
    return lstatSync(path).ino;
  } catch {
    return undefined;
  }
}
