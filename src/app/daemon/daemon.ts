// The daemon: everything that lives for months, put together. It holds no rule of its own; it connects who decides and who does.
import type { StateDb } from '../../cluster/state-db.ts';
import type { Control, Lease } from '../../engine/control.ts';
import { Engine } from '../../engine/engine.ts';
import type { EngineEvent } from '../../engine/events.ts';
import { RoundHistory } from '../../engine/history.ts';
import type { EngineMemory } from '../../engine/ports.ts';
import type { BoardSnapshot } from '../../health/board.ts';
import { Health } from '../../health/health.ts';
import { LATENCY_BOUNDS_MS } from '../../health/latency.ts';
import { ProbePaths } from '../../kernel/probe-paths.ts';
import { systemClock } from '../../lib/clock.ts';
import type { DataPlaneState } from '../../model/data-plane.ts';
import type { ItemCounters } from '../../model/driver.ts';
import { InputError } from '../../model/errors.ts';
import type { Override } from '../../model/facts.ts';
import type { Intent } from '../../model/intent.ts';
import type { ConcreteEngine } from '../../model/protocol.ts';
import type { LogLevel } from '../../model/settings.ts';
import type { Status } from '../../model/status.ts';
import { memberKeysOf } from '../../plan/judge-pool.ts';
import type { Machine } from '../machine.ts';
import { AlertHub } from './alert-hub.ts';
import { BackgroundMemory } from './background-memory.ts';
import { ConfigDesk } from './config/config-desk.ts';
import type { ConfigSource, ReadFiles } from './config/config-source.ts';
import { type KeptOverride, NodeFacts } from './facts.ts';
import { NodeHa } from './ha.ts';
import { type Log, logEvent, openLog } from './log.ts';
import { NetworkChanges } from './network-watch.ts';
import { openStores, type Stores } from './open-stores.ts';
import { PlacesOfStart } from './places-of-start.ts';
import { SaveSoon } from './save-soon.ts';
import { Troubles } from './troubles.ts';
import { FileWatch } from './watch-files.ts';

export interface DaemonOptions {
  readonly version: string;
  readonly source: ConfigSource;
  /** The configuration that starts it; already known to be valid. */
  readonly intent: Intent;
  readonly openMachine: (intent: Intent) => Machine;
  /** Every listener on this engine (`--engine-override`). */
  readonly engine?: ConcreteEngine;
  readonly write: (line: string) => void;
}

/** How old health may be that is told; what acts on it reads it afresh. */
const SEEN_MS = 100;
/** Between two looks at a disk that took nothing at the start. */
const REOPEN_MS = 5000;

export class Daemon implements Control {
  readonly version: string;
  readonly startedMs = Date.now();
  readonly log: Log;
  readonly access: Stores['access'];
  readonly config: ConfigDesk;
  readonly troubles = new Troubles();
  readonly #machine: Machine;
  readonly #state: StateDb;
  readonly #health: Health;
  readonly #facts: NodeFacts;
  readonly #engine: Engine;
  readonly #alerts: AlertHub;
  readonly #ha: NodeHa;
  readonly #watch: FileWatch;
  #network: NetworkChanges | undefined;
  readonly #history = new RoundHistory();
  readonly #memory: BackgroundMemory;
  readonly #places: PlacesOfStart;
  readonly #listeners = new Set<(event: EngineEvent) => void>();
  readonly #saving: SaveSoon;
  #savedHealth = -1;
  /** The one the engine works for; what was accepted a moment ago is not it yet. */
  #intent: Intent | undefined;
  /** Last, from disk. */
  #read: Pick<ReadFiles, 'paths' | 'folders'> | undefined;
  #seen: { readonly atMs: number; readonly health: ReturnType<Health['health']> } | undefined;
  #servingSoon: NodeJS.Immediate | undefined;
  readonly #reopening: NodeJS.Timeout;

  constructor(options: DaemonOptions) {
    const { intent, source } = options;
    this.version = options.version;
    this.#places = new PlacesOfStart(intent);
    this.log = openLog(intent.logging, intent.node.name, options.write);
    this.#memory = new BackgroundMemory(this.log.logger);
    const { state, access, stateLost, reopen } = openStores(intent, this.startedMs, this.log.logger);
    this.#state = state;
    this.access = access;
    this.#machine = options.openMachine(intent);
    const restored = this.#state.recall<BoardSnapshot>('health');
    this.#health = new Health({
      clock: systemClock,
      onChange: () => {
        this.#engine.wake('facts');
        this.#saving.changed();
      },
      paths: new ProbePaths(),
      onShortage: (note) => this.log.logger.warn({ note }, 'health checks may come late'),
      onFault: (error) =>
        this.log.logger.error({ error: error.message }, 'the checking thread ended and is started again'),
      ...(restored === undefined ? {} : { restored }),
    });
    this.#facts = new NodeFacts({
      nowMs: () => Date.now(),
      health: this.#health,
      roles: () => this.#ha.roles(),
      engines: this.#machine.engines,
      overrides: this.#state.recall<KeptOverride[]>('overrides') ?? [],
      keepOverrides: (overrides) => this.#state.remember('overrides', overrides),
      gone: this.#state.recall<[string, number][]>('overrides-gone') ?? [],
      keepGone: (gone) => this.#state.remember('overrides-gone', [...gone]),
      keepSoon: (write) => this.#memory.keep('overrides', write),
    });
    this.config = new ConfigDesk({
      source: { ...source, read: () => this.#readFiles(source) },
      store: this.#state.revisions,
      memory: this.#state,
      loop: {
        wake: () => this.#engine.wake('config'),
        idle: () => this.#engine.idle(),
        roundMs: () => this.#engine.round?.durationMs ?? 0,
        preview: (wanted, part) => this.#engine.preview(wanted, part),
        plan: () => this.#engine.plan,
        confirm: () => this.#engine.confirm(),
      },
      nowMs: () => Date.now(),
      onIntent: (accepted) => this.#take(accepted),
      onFault: (error, what) => this.log.logger.error({ error: error.message }, what),
      quotaOf: (project) => this.access.quotas.of(project),
      stateLost,
    });
    this.#alerts = new AlertHub({
      world: () => this.#engine.world,
      lastErrorOf: (pool, member) => this.#health.lastErrorOf(`${pool}/${member}`),
      onFault: (channel, message) => this.log.logger.warn({ channel, message }, 'an alert was not delivered'),
    });
    this.#ha = new NodeHa({
      runDir: intent.system.runDir,
      stateDir: intent.system.stateDir,
      logger: this.log.logger,
      flows: () => this.#machine.flows?.(),
      // On the memory engine nothing of the kernel's is asked for, whatever it has.
      ipvs: this.#machine.drivers.some(({ name }) => name === 'ipvs'),
      maintenance: this.#state.recall<boolean>('maintenance') === true,
      onRole: () => this.#engine.wake('facts'),
      onEvent: (event) => this.#tell(event),
      onBfd: (session, up) => this.#health.tellBfd(session, up),
    });
    this.#watch = new FileWatch(() => this.#filesChanged());
    this.#engine = new Engine(
      {
        drivers: this.#machine.drivers,
        intents: this.config,
        facts: this.#facts,
        clock: systemClock,
        random: { next: Math.random },
        events: { emit: (event) => this.#tell(event) },
        history: this.#history,
        onRound: (report) => this.config.onRound(report),
        store: {
          load: () => this.#state.recall<EngineMemory>('engine'),
          save: (memory) => this.#keep('engine', memory),
        },
      },
      options.engine === undefined ? {} : { engine: options.engine },
    );
    this.#saving = new SaveSoon(() => this.#saveHealth());
    this.#reopening = setInterval(() => this.#reopen(reopen), REOPEN_MS).unref();
    this.troubles.add(() => [...this.#places.troubles(), ...this.#memory.troubles()]);
  }

  /** Resolves after the first round: what can serve, serves. */
  async start(): Promise<void> {
    for (const [engine, { available, why }] of Object.entries(this.#machine.engines))
      if (!available) this.log.logger.info({ engine, why }, 'engine not available');
    for (const note of this.#machine.notes)
      this.log.logger.warn({ note }, 'a data plane is not as configured');
    this.#watchNetwork();
    this.#engine.start();
    await this.#engine.idle();
    this.#ha.ready();
    this.#tellServing();
  }

  /** Leaves traffic flowing; what is remembered is on disk. */
  async stop(): Promise<void> {
    clearInterval(this.#reopening);
    this.#watch.close();
    await this.#network?.close();
    this.config.close();
    await this.#ha.close();
    await this.#engine.close();
    this.#saving.close();
    await this.#health.close();
    await this.#alerts.close();
    await Promise.all(this.#machine.drivers.map((driver) => driver.close()));
    this.#state.close();
    this.access.audit.close();
  }

  /** A disk that took nothing at the start may be mended. */
  #reopen(reopen: () => boolean): void {
    if (!reopen()) return;
    clearInterval(this.#reopening);
    this.#memory.again();
  }

  /** Written out when it changed: thousands of checks that all pass change nothing. */
  #saveHealth(): void {
    const { version } = this.#health;
    if (version === this.#savedHealth) return;
    this.#memory.keep('health', () => {
      this.#state.remember('health', this.#health.snapshot());
      this.#savedHealth = version;
    });
  }

  #keep(name: string, value: unknown): void {
    this.#memory.keep(name, () => this.#state.remember(name, value));
  }

  intent(): Intent | undefined {
    return this.config.intent;
  }

  status(): Status | undefined {
    const status = this.#engine.status();
    if (status === undefined) return undefined;
    const [running, troubles] = [this.config.running(), this.troubles.list()];
    return {
      ...status,
      ...(Object.keys(running).length === 0 ? {} : { running }),
      ...(troubles.length === 0 ? {} : { troubles }),
    };
  }

  listenerStatus(name: string) {
    return this.#engine.statusView()?.ofListener(name) ?? [];
  }

  addressStatus() {
    return this.#engine.statusView()?.addresses() ?? [];
  }

  round() {
    return this.#engine.round;
  }

  world() {
    return this.#engine.world;
  }

  plan() {
    return this.#engine.plan;
  }

  /** Made of every probe there is: readers that come by the thousand share one for a moment. */
  health() {
    const nowMs = performance.now();
    if (this.#seen === undefined || nowMs - this.#seen.atMs > SEEN_MS)
      this.#seen = { atMs: nowMs, health: this.#health.health() };
    return this.#seen.health;
  }

  roles() {
    return this.#ha.roles();
  }

  haStatus() {
    return this.#ha.status();
  }

  setMaintenance(on: boolean): void {
    this.#state.remember('maintenance', on);
    this.#ha.setMaintenance(on);
  }

  async handover(timeoutMs: number): Promise<readonly string[]> {
    this.#state.remember('maintenance', true);
    const left = await this.#ha.handover(timeoutMs);
    // Where nobody could take over nothing was changed.
    if (left.length > 0) this.#state.remember('maintenance', this.#ha.status()?.maintenance ?? false);
    return left;
  }

  grantLease(lease: Lease): void {
    this.#ha.grantLease(lease);
  }

  overrides() {
    return this.#facts.overrides();
  }

  drains() {
    return this.#engine.drains;
  }

  driftRepaired(): number {
    return this.#engine.driftRepaired;
  }

  rounds() {
    return this.#history.list();
  }

  /** Resolves after a round. */
  look(): Promise<void> {
    this.#engine.wake('drift-tick');
    return this.#engine.idle();
  }

  async counters(): Promise<ReadonlyMap<string, readonly ItemCounters[]>> {
    const read = this.#machine.drivers.map(
      async (driver) => [driver.name, (await driver.counters?.()) ?? []] as const,
    );
    return new Map(await Promise.all(read));
  }

  dataPlanes(): ReadonlyMap<string, DataPlaneState> {
    const told = this.#machine.drivers.map((driver) => [driver.name, driver.state?.()] as const);
    return new Map(told.flatMap(([name, state]) => (state === undefined ? [] : [[name, state] as const])));
  }

  async probeLatencies() {
    const probes = this.#health
      .latencies()
      .map(({ probe: { members, check }, latency: { count, sumMs, buckets } }) => ({
        members,
        type: check.type,
        count,
        sumMs,
        buckets,
      }));
    return { boundsMs: LATENCY_BOUNDS_MS, probes };
  }

  answerTimes(member: string) {
    return this.#health.answerTimes(member);
  }

  async confirm(): Promise<void> {
    this.config.acceptLoss();
    this.#engine.confirm();
    await this.#engine.idle();
  }

  setOverride(member: string, override: Override | undefined): void {
    const pools = [...(this.intent()?.pools.values() ?? [])];
    if (!pools.some((pool) => memberKeysOf(pool).includes(member))) {
      throw new InputError('NOT_FOUND', `Cannot find member "${member}" in any pool`, {
        hint: 'Name it as POOL/MEMBER; "lbctl show members" lists them',
      });
    }
    this.#facts.setOverride(member, override);
    this.#engine.wake('facts');
  }

  logLevel(): LogLevel {
    return this.log.level;
  }

  setLogLevel(level: LogLevel): void {
    this.log.setLevel(level);
  }

  onEvent(listener: (event: EngineEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Before the round that applies it, so that its members are checked and known. */
  #take(intent: Intent): void {
    for (const moved of this.#places.moved(intent))
      this.log.logger.warn(moved, 'a path is changed by the next start only');
    this.#intent = intent;
    this.#machine.take?.(intent);
    this.log.setSettings(intent.logging, intent.node.name);
    this.#health.setIntent(intent);
    this.#ha.setIntent(intent);
    this.access.audit.setLimit(intent.api.auditEntries);
    this.#alerts.setIntent(intent);
    this.#forgetOverrides(intent);
    this.#watchFiles();
  }

  #forgetOverrides(intent: Intent): void {
    if (this.#facts.overrides().size === 0) return;
    const members = new Set([...intent.pools.values()].flatMap(memberKeysOf));
    for (const member of this.#facts.setMembers(members))
      this.log.logger.info({ member }, 'an override is forgotten with its member');
  }

  /** What was refused is watched as well: its faults are mended in files that no accepted configuration has. */
  async #readFiles(source: ConfigSource): Promise<ReadFiles> {
    const read = await source.read();
    this.#read = { paths: read.paths ?? [], folders: read.folders ?? [] };
    this.#watchFiles();
    return read;
  }

  #watchFiles(): void {
    const { paths = [], folders = [] } = this.#read ?? {};
    if (this.#intent?.daemon.watchFiles === true) this.#watch.setFiles(paths, folders);
    else this.#watch.setFiles([]);
  }

  #filesChanged(): void {
    this.config.reload({ author: 'lbctl', reason: 'the files changed on disk' }).catch((error: unknown) => {
      this.log.logger.error({ error: String(error) }, 'changed files are not read');
    });
  }

  #watchNetwork(): void {
    const machine = this.#machine;
    if (machine.networkChanged === undefined) return;
    machine.networkChanged();
    this.#network = new NetworkChanges({
      onChange: () => {
        this.#engine.wake('network');
        machine.networkChanged?.();
      },
      onFault: (error) =>
        this.log.logger.warn({ error: error.message }, 'changes of links and addresses are not heard'),
    });
  }

  #tellServing(): void {
    this.#servingSoon = undefined;
    const status = this.#engine.status();
    if (status !== undefined) this.#ha.tellServing(status);
  }

  #tell(event: EngineEvent): void {
    logEvent(this.log.logger, event);
    this.#alerts.emit(event);
    this.#ha.heed(event);
    // Told in the middle of a round: its Status stands when the round has ended.
    if (this.#intent?.ha?.bgp !== undefined) this.#servingSoon ??= setImmediate(() => this.#tellServing());
    for (const listener of this.#listeners) listener(event);
  }
}
