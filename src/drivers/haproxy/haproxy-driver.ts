// The HAProxy driver: one instance of our own terminates what the World says. Owns its run directory, the process started
// from it and nothing else; the distribution's service is never touched.
import { rmSync } from 'node:fs';
import type { DataPlaneState } from '../../model/data-plane.ts';
import type { Driver, DriverPlan, ItemCounters, StepResult } from '../../model/driver.ts';
import type { ItemMap, Observed } from '../../model/item.ts';
import type { Step } from '../../model/plan.ts';
import type { World } from '../../model/world.ts';
import { Applier } from './apply.ts';
import { CertificateEnds, endingNotes } from './certificate-ends.ts';
import { SourceWatch } from './certificates.ts';
import { Counters } from './counters.ts';
import { desiredItems } from './desired.ts';
import { differingBackends } from './differing.ts';
import type { ItemGroups } from './item-groups.ts';
import { socketsOf } from './listening.ts';
import { certificateKey, digest, pathOfKey } from './names.ts';
import { foreignListeners, type Seen, toObserved } from './observe.ts';
import { connectionsAllowedHere } from './open-files.ts';
import { planHaproxy } from './plan.ts';
import { HaproxyProcess } from './process.ts';
import type { Record } from './record.ts';
import { type GlobalSettings, renderGlobal } from './render/global.ts';
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

/** As they are written, and what was asked for. */
interface Settings extends GlobalSettings {
  readonly askedConnections: number;
}

function settingsOf(options: HaproxyOptions): Settings {
  const settings = {
    runDir: options.runDir,
    maxConnections: options.maxConnections,
    threads: options.threads,
    user: options.user ?? 'haproxy',
    group: options.group ?? 'haproxy',
    hardStopAfterMs: options.hardStopAfterMs ?? HARD_STOP_MS,
    ...(options.noQuic === undefined ? {} : { noQuic: options.noQuic }),
    ...(options.limitedQuic === true ? { limitedQuic: true } : {}),
  };
  return {
    ...settings,
    maxConnections: Math.min(options.maxConnections, connectionsAllowedHere()),
    askedConnections: options.maxConnections,
    // Not what is allowed here: a command in another shell may open fewer files than the service.
    asked: digest(renderGlobal(settings, '')),
  };
}

export class HaproxyDriver implements Driver {
  readonly name = 'haproxy';
  readonly #options: HaproxyOptions;
  #settings: Settings;
  readonly #process: HaproxyProcess;
  readonly #store: Store;
  readonly #sources = new SourceWatch();
  readonly #ends = new CertificateEnds();
  /** Names and paths of our copies of certificates, as the last look found them on record. */
  #certificates: readonly (readonly [name: string, path: string])[] = [];
  readonly #applier: Applier;
  readonly #counters: Counters;
  readonly #supervisor: Supervisor | undefined;
  readonly #nowMs: () => number;
  readonly #ask: typeof ask;
  readonly #watch: WorkerWatch;
  #seen: Seen | undefined;
  /** Of which whole look its strangers are. */
  #foreignOf = -1;
  #last: { readonly world: World; readonly settings: GlobalSettings; readonly items: ItemGroups } | undefined;

  constructor(options: HaproxyOptions) {
    const { binary, runDir, prefix } = options;
    this.#options = options;
    this.#settings = settingsOf(options);
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
    this.#supervisor =
      options.supervise === true ? new Supervisor(this.#process, () => this.#store.restore()) : undefined;
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

  /** A configuration that came into force asks for other figures: the next plan shows them at every listener. */
  take({ maxConnections, threads }: Pick<HaproxyOptions, 'maxConnections' | 'threads'>): void {
    const next = settingsOf({ ...this.#options, maxConnections, threads });
    if (next.asked === this.#settings.asked) return;
    this.#settings = next;
    this.#store.settings = next;
  }

  #notes(): readonly string[] {
    const { maxConnections, askedConnections } = this.#settings;
    if (maxConnections >= askedConnections) return [];
    return [
      `HAProxy takes ${maxConnections} connections instead of ${askedConnections}: open files are limited (ulimit -Hn, LimitNOFILE)`,
    ];
  }

  desired(world: World): ItemMap {
    if (this.#last?.world === world && this.#last.settings === this.#settings) return this.#last.items;
    const items = desiredItems(world, this.#settings, this.#last?.items);
    this.#last = { world, settings: this.#settings, items };
    return items;
  }

  plan(desired: ItemMap, observed: Observed): DriverPlan {
    const plan = planHaproxy(this.name, desired, observed);
    return desired.size === 0 ? plan : { ...plan, notes: [...plan.notes, ...this.#notes()] };
  }

  async observe(signal?: AbortSignal): Promise<Observed> {
    signal?.throwIfAborted();
    const state = await this.#watch.lookAt(() =>
      this.#last === undefined || this.#seen === undefined
        ? []
        : differingBackends(this.#last.items, this.#seen.observed.items),
    );
    signal?.throwIfAborted();
    const record = this.#store.recordOf(state?.generation ?? '');
    record.forgetWaiting();
    this.#certificates = [...record.files.keys()]
      .filter((key) => !key.startsWith('file '))
      .map((key) => [key.slice(certificateKey('').length), pathOfKey(this.#settings, key)]);
    this.#seen = toObserved({
      state,
      record,
      wanted: this.#last?.items ?? new Map(),
      sources: this.#sources,
      isLaid: (key) => this.#store.isLaid(key),
      nowMs: this.#nowMs(),
      ...(this.#seen === undefined ? {} : { before: this.#seen }),
      foreign: (known) => this.#foreign(known, state === undefined),
    });
    return this.#seen.observed;
  }

  /** Looked for whenever all of the worker is. */
  #foreign(record: Record, isUnknown: boolean): ItemMap {
    const { wholes } = this.#watch;
    const seen = this.#seen?.observed.foreign;
    if (seen !== undefined && wholes === this.#foreignOf) return seen;
    this.#foreignOf = wholes;
    const pid = this.#process.pid();
    // Of one that nobody can ask, its sockets alone tell what is ours.
    const held = socketsOf(pid !== undefined && isUnknown ? this.#process.family() : []);
    return foreignListeners(record, this.#last?.items ?? new Map(), pid, held);
  }

  async apply(steps: readonly Step[], signal?: AbortSignal): Promise<readonly StepResult[]> {
    signal?.throwIfAborted();
    return this.#applier.apply(steps);
  }

  state(): DataPlaneState | undefined {
    const certificates = this.#ends.of(this.#certificates);
    if (certificates.length === 0) return undefined;
    return {
      interfaces: [],
      tables: [],
      reasons: [],
      notes: endingNotes(certificates, this.#nowMs()),
      certificates: certificates.map(({ name, untilMs }) => ({ name, untilMs })),
    };
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
