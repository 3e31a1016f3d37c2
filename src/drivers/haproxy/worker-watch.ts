// What is known of the worker. Reading all of it costs milliseconds for each thousand members, so what was read whole a moment
// ago is looked at anew only where something is about to change, or was changed by us since.
import { OpError } from '../../model/errors.ts';
import { type List, showCommand } from './lists.ts';
import type { HaproxyProcess } from './process.ts';
import { type BackendServers, readServers, toBackend } from './servers.ts';
import type { ask } from './sockets.ts';
import type { Store } from './store.ts';
import { infoField, readLists, readWorkerState, stateCommands, type WorkerState } from './worker-state.ts';

export interface WatchPorts {
  readonly process: HaproxyProcess;
  readonly store: Store;
  readonly ask: typeof ask;
  /** For how long what was read whole counts where nothing is about to change; 0 reads all of it each time. */
  readonly trustMs: number;
  readonly nowMs: () => number;
}

export class WorkerWatch {
  readonly #ports: WatchPorts;
  #known: WorkerState | undefined;
  #wholes = 0;
  #wholeAtMs = Number.NEGATIVE_INFINITY;
  /** Backends we changed since they were read. */
  readonly #changed = new Set<string>();
  /** `backend/server`, since the last look began. */
  readonly #deleted: string[] = [];

  constructor(ports: WatchPorts) {
    this.#ports = ports;
  }

  /** How often all of it was read. */
  get wholes(): number {
    return this.#wholes;
  }

  /** What the last look showed; a look when there is nothing to show. */
  async last(): Promise<WorkerState | undefined> {
    return this.#known ?? (await this.look());
  }

  /** Undefined while no process of ours runs. One that runs and does not answer is an error, not an empty machine. */
  look(): Promise<WorkerState | undefined> {
    return this.#orNone(() => this.#whole());
  }

  /** The same, in part where the rest was read a moment ago; `differing` are backends that are about to change. */
  lookAt(differing: () => Iterable<string>): Promise<WorkerState | undefined> {
    const known = this.#known;
    const ageMs = this.#ports.nowMs() - this.#wholeAtMs;
    // A clock that was set back makes no look older than it is.
    if (known === undefined || ageMs < 0 || ageMs >= this.#ports.trustMs) return this.look();
    return this.#orNone(() => this.#part(known, new Set([...this.#changed, ...differing()])));
  }

  changed(backends: Iterable<string>): void {
    for (const backend of backends) this.#changed.add(backend);
  }

  /** `backend/server` was deleted between two looks: whoever wants it again must add it. */
  deleted(server: string): void {
    this.#deleted.push(server);
    this.#without(server);
  }

  /** Another configuration runs, or may. */
  forget(): void {
    this.#known = undefined;
  }

  #without(server: string): void {
    const [backend = '', name = ''] = server.split('/');
    const known = this.#known?.servers.get(backend);
    if (this.#known === undefined || known === undefined) return;
    const left = toBackend(known.rows.filter((row) => row.name !== name));
    this.#known = { ...this.#known, servers: new Map(this.#known.servers).set(backend, left) };
  }

  async #orNone(read: () => Promise<WorkerState>): Promise<WorkerState | undefined> {
    const { process } = this.#ports;
    this.#known = process.pid() === undefined ? undefined : this.#known;
    if (process.pid() === undefined) return undefined;
    this.#deleted.length = 0;
    try {
      this.#known = await read();
      // An answer may be older than what was deleted while it was on its way.
      for (const server of this.#deleted) this.#without(server);
      return this.#known;
    } catch (error) {
      this.#known = undefined;
      if (!(error instanceof OpError)) throw error;
      // It may have died in this very moment. What serves without a directory is made anew as if it did not run.
      if (process.pid() === undefined || (await process.isLost())) return undefined;
      throw error;
    }
  }

  async #whole(): Promise<WorkerState> {
    const { store } = this.#ports;
    const before = this.#known;
    const atMs = this.#ports.nowMs();
    const asked = store.lists();
    let state = await this.#read(asked, before);
    // We may have died between a reload and the word of it: the record of it names other lists.
    const lists = store.lists(state.generation);
    if (lists !== asked) state = await this.#read(lists, before);
    this.#wholeAtMs = atMs;
    this.#wholes++;
    this.#changed.clear();
    return state;
  }

  async #read(lists: readonly List[], before: WorkerState | undefined): Promise<WorkerState> {
    const { ask, process } = this.#ports;
    return readWorkerState(await ask(process.admin, stateCommands(lists)), lists, before);
  }

  async #part(known: WorkerState, backends: ReadonlySet<string>): Promise<WorkerState> {
    const { ask, process, store } = this.#ports;
    const lists = store.lists();
    const [info = '', ...answers] = await ask(process.admin, [
      'show info',
      ...lists.map(showCommand),
      ...[...backends].map((backend) => `show servers state ${backend}`),
    ]);
    const isOther =
      Number(infoField(info, 'Pid')) !== known.pid || infoField(info, 'description') !== known.generation;
    if (isOther) return this.#whole();
    this.#changed.clear();
    const shown = readLists(answers.splice(0, lists.length), lists);
    const servers = new Map(known.servers);
    const asked = new Map<string, BackendServers>();
    for (const backend of backends) {
      const before = servers.get(backend);
      if (before !== undefined) asked.set(backend, before);
    }
    const part = readServers(answers.join('\n'), asked);
    for (const backend of backends) {
      const found = part.get(backend);
      if (found === undefined) servers.delete(backend);
      else servers.set(backend, found);
    }
    return { ...known, lists: shown, servers };
  }
}
