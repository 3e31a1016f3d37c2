// Keeps the unix socket of the API where the settings want it: its rights follow at once, another path is served before the old
// one is left, and what still runs there ends.
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import type { ApiSettings } from '../../model/settings.ts';
import type { EventStreams } from './event-stream.ts';
import { closeApp } from './http-server.ts';
import { listenUnix, setSocketRights, type UnixSocketSettings } from './unix-socket.ts';

/** A reload that moves the socket is answered on the old one, after its round. */
const LEAVE_MS = 60_000;

interface Open {
  readonly app: FastifyInstance;
  readonly sockets: WeakSet<Socket>;
  readonly settings: UnixSocketSettings;
}

export class UnixDoor {
  readonly #streams: EventStreams;
  readonly #build: () => FastifyInstance;
  readonly #leaving = new Set<Promise<void>>();
  #open: Open | undefined;
  #busy: Promise<void> = Promise.resolve();

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
    await this.#busy;
    const open = this.#open;
    this.#open = undefined;
    await Promise.all([open === undefined ? undefined : closeApp(open.app), ...this.#leaving]);
  }

  async #follow(settings: UnixSocketSettings): Promise<void> {
    const before = this.#open;
    if (before?.settings.path === settings.path) {
      setSocketRights(settings);
      this.#open = { ...before, settings };
      return;
    }
    const app = this.#build();
    const sockets = new WeakSet<Socket>();
    app.server.on('connection', (socket) => sockets.add(socket));
    await app.ready();
    await listenUnix(app.server, settings);
    this.#open = { app, sockets, settings };
    if (before !== undefined) this.#leave(before);
  }

  /** Nobody waits for it: who asks there now may be the one that moved us. */
  #leave({ app, sockets }: Open): void {
    this.#streams.closeWhere((socket) => sockets.has(socket));
    const left = closeApp(app, LEAVE_MS).finally(() => this.#leaving.delete(left));
    this.#leaving.add(left);
  }
}
