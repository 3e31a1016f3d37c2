// The HAProxy driver: one instance of our own terminates what the World says. Owns its run directory, the process started
// from it and nothing else; the distribution's service is never touched.
import type { Driver, DriverPlan, ItemCounters, StepResult } from '../../model/driver.ts';
import { OpError } from '../../model/errors.ts';
import type { Item, ItemMap, Observed } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { World } from '../../model/world.ts';
import { Applier } from './apply.ts';
import { SourceWatch } from './certificates.ts';
import { Counters } from './counters.ts';
import { desiredItems } from './desired.ts';
import type { List } from './lists.ts';
import { toObserved } from './observe.ts';
import { connectionsAllowedHere } from './open-files.ts';
import { planHaproxy } from './plan.ts';
import { HaproxyProcess } from './process.ts';
import type { GlobalSettings } from './render/global.ts';
import { ask } from './sockets.ts';
import { Store } from './store.ts';
import { Supervisor } from './supervisor.ts';
import { readWorkerState, stateCommands, type WorkerState } from './worker-state.ts';

export interface HaproxyOptions {
  readonly binary: string;
  /** A directory of our own, `/run/lbctl/haproxy`. */
  readonly runDir: string;
  readonly maxConnections: number;
  /** 0: one for each processor. */
  readonly threads: number;
  /** Default `haproxy`, as the package makes it. */
  readonly user?: string;
  readonly group?: string;
  /** Old workers end this long after a reload, whatever they still serve. Default 5 minutes. */
  readonly hardStopAfterMs?: number;
  /** Why this HAProxy has no HTTP/3; absent where it has. */
  readonly noQuic?: string;
  /** A daemon restarts a HAProxy that died between two rounds; a single command leaves it alone. Default false. */
  readonly supervise?: boolean;
  /** Words before the binary: a test runs it in another namespace. */
  readonly prefix?: readonly string[];
  readonly nowMs?: () => number;
  /** How commands reach the worker; default its admin socket. */
  readonly ask?: typeof ask;
}

const HARD_STOP_MS = 300_000;

export class HaproxyDriver implements Driver {
  readonly name = 'haproxy';
  readonly #settings: GlobalSettings;
  readonly #process: HaproxyProcess;
  readonly #store: Store;
  readonly #sources = new SourceWatch();
  readonly #applier: Applier;
  readonly #counters: Counters;
  readonly #supervisor: Supervisor | undefined;
  readonly #nowMs: () => number;
  readonly #ask: typeof ask;
  readonly #notes: readonly string[] = [];
  #last: { readonly world: World; readonly items: ItemMap } | undefined;

  constructor(options: HaproxyOptions) {
    const { binary, runDir, threads, prefix } = options;
    const allowed = connectionsAllowedHere();
    const maxConnections = Math.min(options.maxConnections, allowed);
    if (maxConnections < options.maxConnections)
      this.#notes = [
        `HAProxy takes ${maxConnections} connections instead of ${options.maxConnections}: open files are limited (ulimit -Hn, LimitNOFILE)`,
      ];
    this.#settings = {
      runDir,
      maxConnections,
      threads,
      user: options.user ?? 'haproxy',
      group: options.group ?? 'haproxy',
      hardStopAfterMs: options.hardStopAfterMs ?? HARD_STOP_MS,
      ...(options.noQuic === undefined ? {} : { noQuic: options.noQuic }),
    };
    this.#nowMs = options.nowMs ?? Date.now;
    this.#ask = options.ask ?? ask;
    this.#process = new HaproxyProcess({ binary, runDir, ...(prefix === undefined ? {} : { prefix }) });
    this.#store = new Store(this.#settings);
    this.#counters = new Counters(this.#process, runDir);
    this.#supervisor = options.supervise === true ? new Supervisor(this.#process) : undefined;
    this.#applier = new Applier({
      process: this.#process,
      store: this.#store,
      nowMs: this.#nowMs,
      ask: this.#ask,
      state: () => this.#state(),
      beforeReload: () => this.#counters.read(),
      ...(this.#supervisor === undefined ? {} : { supervisor: this.#supervisor }),
    });
  }

  desired(world: World): ItemMap {
    if (this.#last?.world === world) return this.#last.items;
    const items = desiredItems(world, this.#settings);
    this.#last = { world, items };
    return items;
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    const plan = planHaproxy(this.name, desired, observed);
    return desired.size === 0 ? plan : { ...plan, notes: [...plan.notes, ...this.#notes] };
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    signal?.throwIfAborted();
    const state = await this.#state();
    signal?.throwIfAborted();
    const record = this.#store.recordOf(state?.generation ?? '');
    record.forgetWaiting();
    return toObserved({
      state,
      record,
      wanted: this.#last?.items ?? new Map<string, Item>(),
      sources: this.#sources,
      nowMs: this.#nowMs(),
      pid: this.#process.pid(),
    });
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    return this.#applier.apply(steps);
  }

  async counters(signal?: AbortSignal): Promise<readonly ItemCounters[]> {
    signal?.throwIfAborted();
    const state = await this.#state();
    if (state === undefined) return [];
    return this.#counters.items(this.#store.recordOf(state.generation));
  }

  /** HAProxy runs on: the next of us finds it again. */
  async close(): Promise<void> {
    this.#supervisor?.close();
    await this.#applier.close();
  }

  /** Undefined while no process of ours runs. One that runs and does not answer is an error, not an empty machine. */
  async #state(): Promise<WorkerState | undefined> {
    if (this.#process.pid() === undefined) return undefined;
    try {
      const asked = this.#store.lists();
      const state = await this.#stateWith(asked);
      // We may have died between a reload and the word of it: the record of it names other lists.
      const lists = this.#store.lists(state.generation);
      return lists === asked ? state : await this.#stateWith(lists);
    } catch (error) {
      // It may have died in this very moment.
      if (error instanceof OpError && this.#process.pid() === undefined) return undefined;
      throw error;
    }
  }

  async #stateWith(lists: readonly List[]): Promise<WorkerState> {
    return readWorkerState(await this.#ask(this.#process.admin, stateCommands(lists)), lists);
  }
}
