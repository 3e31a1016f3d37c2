// The HAProxy driver: one instance of our own terminates what the World says. Owns its run directory, the process started
// from it and nothing else; the distribution's service is never touched.
import { rmSync } from 'node:fs';
import type { Driver, DriverPlan, ItemCounters, StepResult } from '../../model/driver.ts';
import type { Item, ItemMap, Observed } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { World } from '../../model/world.ts';
import { differingFields } from '../../plan/diff.ts';
import { Applier } from './apply.ts';
import { SourceWatch } from './certificates.ts';
import { Counters } from './counters.ts';
import { desiredItems } from './desired.ts';
import { backendName } from './names.ts';
import { foreignListeners, type Seen, toObserved } from './observe.ts';
import { connectionsAllowedHere } from './open-files.ts';
import { planHaproxy } from './plan.ts';
import { HaproxyProcess } from './process.ts';
import type { Record } from './record.ts';
import type { GlobalSettings } from './render/global.ts';
import { ask } from './sockets.ts';
import { Store } from './store.ts';
import { Supervisor } from './supervisor.ts';
import { WorkerWatch } from './worker-watch.ts';

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
  /** Its QUIC is the limited one of a TLS library without it. */
  readonly limitedQuic?: boolean;
  /** A daemon restarts a HAProxy that died between two rounds; a single command leaves it alone. Default false. */
  readonly supervise?: boolean;
  /** For how long a whole look at the worker counts where nothing changes; default 0, which looks each time. */
  readonly trustMs?: number;
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
  readonly #watch: WorkerWatch;
  #seen: Seen | undefined;
  /** Of which whole look its strangers are. */
  #foreignOf = -1;
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
      ...(options.limitedQuic === true ? { limitedQuic: true } : {}),
    };
    this.#nowMs = options.nowMs ?? Date.now;
    this.#ask = options.ask ?? ask;
    this.#process = new HaproxyProcess({ binary, runDir, ...(prefix === undefined ? {} : { prefix }) });
    this.#store = new Store(this.#settings);
    this.#watch = new WorkerWatch({
      process: this.#process,
      store: this.#store,
      ask: this.#ask,
      trustMs: options.trustMs ?? 0,
      nowMs: this.#nowMs,
    });
    this.#counters = new Counters(this.#process, runDir);
    this.#supervisor = options.supervise === true ? new Supervisor(this.#process) : undefined;
    this.#applier = new Applier({
      process: this.#process,
      store: this.#store,
      nowMs: this.#nowMs,
      ask: this.#ask,
      watch: this.#watch,
      strays: () => this.#seen?.strays ?? [],
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
    const state = await this.#watch.lookAt(() => this.#differing());
    signal?.throwIfAborted();
    const record = this.#store.recordOf(state?.generation ?? '');
    record.forgetWaiting();
    this.#seen = toObserved({
      state,
      record,
      wanted: this.#last?.items ?? new Map<string, Item>(),
      sources: this.#sources,
      nowMs: this.#nowMs(),
      judged: this.#seen?.observed.judged,
      foreign: (known) => this.#foreign(known),
    });
    return this.#seen.observed;
  }

  /** Looked for whenever all of the worker is. */
  #foreign(record: Record): ItemMap {
    const { wholes } = this.#watch;
    const seen = this.#seen?.observed.foreign;
    if (seen !== undefined && wholes === this.#foreignOf) return seen;
    this.#foreignOf = wholes;
    return foreignListeners(record, this.#last?.items ?? new Map(), this.#process.pid());
  }

  /** Backends whose members are not what the last look showed: they are about to change. */
  #differing(): ReadonlySet<string> {
    const found = new Set<string>();
    const [wanted, seen] = [this.#last?.items, this.#seen?.observed.items];
    if (wanted === undefined || seen === undefined) return found;
    for (const one of wanted.values())
      if (one.kind === 'member' && !isSame(one, seen.get(one.key))) found.add(backendName(one.parent!));
    for (const one of seen.values())
      if (one.kind === 'member' && !wanted.has(one.key)) found.add(backendName(one.parent!));
    return found;
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    return this.#applier.apply(steps);
  }

  async counters(signal?: AbortSignal): Promise<readonly ItemCounters[]> {
    signal?.throwIfAborted();
    const generation = await this.#process.generation();
    if (generation === undefined) return [];
    return this.#counters.items(this.#store.recordOf(generation));
  }

  /** The process ends with what old connections it still serves, and its directory goes. */
  async uninstall(): Promise<void> {
    this.#supervisor?.close();
    await this.#process.stop();
    rmSync(this.#settings.runDir, { recursive: true, force: true });
  }

  /** HAProxy runs on: the next of us finds it again. */
  async close(): Promise<void> {
    this.#supervisor?.close();
    await this.#applier.close();
  }
}

function isSame(one: Item, other: Item | undefined): boolean {
  return other === one || (other !== undefined && differingFields(other.fields, one.fields).length === 0);
}
