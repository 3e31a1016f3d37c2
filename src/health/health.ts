// Health checking as the rest of the house sees it: give it the Intent, read the health, be woken when it changes.
import { Worker } from 'node:worker_threads';
import type { Clock } from '../lib/clock.ts';
import { Secret } from '../lib/secret.ts';
import type { MemberHealth } from '../model/facts.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { Intent } from '../model/intent.ts';
import type { AnswerTimes } from '../model/status.ts';
import { toAnswerTimes } from './answer-times.ts';
import { type BoardSnapshot, HealthBoard } from './board.ts';
import { checkPlaces, openFilesLimit, placesNote } from './check-places.ts';
import { initialState, type JudgeState, judge } from './judge.ts';
import type { LatencySnapshot } from './latency.ts';
import { LatencyTable } from './latency-table.ts';
import type { Probe } from './probe.ts';
import { type RunnerStats, settingsOf } from './runner.ts';
import { threadMemoryMb, toFault } from './thread-memory.ts';
import { type PathPort, ViaVip } from './via-vip.ts';
import type { Order, Report, WorkerData } from './worker.ts';

export interface HealthOptions {
  readonly clock: Clock;
  /** Some members' health changed (keys `pool/member`), or a slow start took a step (no keys). */
  readonly onChange: (members: readonly string[]) => void;
  /** The checking thread ended unexpectedly; it is started again with everything known. */
  readonly onFault?: (error: Error) => void;
  /** Checks may have to wait for each other, and why. */
  readonly onShortage?: (note: string) => void;
  readonly restored?: BoardSnapshot;
  /** What the checking thread may take of it; by the limit of this process where absent. */
  readonly memoryMb?: number;
  /** Ways for probes that go to a VIP at the member; without, such probes fail and say so. */
  readonly paths?: PathPort;
}

const PATH_RETRY_MS = 10_000;
/** Between two starts of the checking thread at least. */
const RESTART_MS = 1000;
/** Three halves of a megabyte each: V8 copies from one to the other and keeps a third. */
const YOUNG_MB = 3;
/** How long the checking thread may take to let go of what it holds. */
const STOP_MS = 1000;

const NO_PATHS: PathPort = {
  set: async (paths) => new Map(paths.map(({ mark }) => [mark, 'no way to do it is known here'])),
  close: async () => {},
};

export class Health {
  readonly #options: HealthOptions;
  readonly #board = new HealthBoard();
  readonly #viaVip: ViaVip;
  readonly #times = new LatencyTable();
  readonly #openFiles = openFilesLimit();
  readonly #memoryMb: number;
  /** What was last told of BFD sessions. */
  readonly #sessions = new Map<string, boolean>();
  /** As they were last told: who reads them does so far more often than members answer. */
  readonly #answers = new Map<string, AnswerTimes>();
  readonly #waiting = new Map<number, (stats: RunnerStats) => void>();
  #worker: Worker;
  #nextId = 1;
  #paths: Promise<void> = Promise.resolve();
  #cancelPaths: (() => void) | undefined;
  #cancelRamp: (() => void) | undefined;
  #cancelRestart: (() => void) | undefined;
  #stopped: (() => void) | undefined;
  #closed = false;

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#memoryMb = options.memoryMb ?? threadMemoryMb();
    this.#viaVip = new ViaVip(options.paths ?? NO_PATHS);
    if (options.restored !== undefined) this.#board.restore(options.restored);
    this.#worker = this.#startWorker();
  }

  setIntent(intent: Intent): void {
    const { added, removed } = this.#board.setIntent(intent, this.#options.clock.nowMs());
    if (removed.length > 0) this.#order({ kind: 'delete', keys: removed });
    for (const key of removed) this.#times.release(key);
    if (removed.length > 0) this.#answers.clear();
    const note = placesNote(this.#board.probes().size, this.#openFiles);
    if (note !== undefined) this.#options.onShortage?.(note);
    this.#run(added.filter(({ via }) => via === undefined));
    this.#judgeBfd(added);
    const vias = added.filter(({ via }) => via !== undefined);
    this.#openPaths(new Set(vias.map(({ key }) => key)));
  }

  health(): ReadonlyMap<string, MemberHealth> {
    return this.#board.health(this.#options.clock.nowMs());
  }

  lastErrorOf(member: string): string | undefined {
    return this.#board.lastErrorOf(member);
  }

  /** Checks these members now, out of their beat. */
  hurry(members: ReadonlySet<string>): void {
    const probes = [...this.#board.probes().values()];
    const keys = probes
      .filter((probe) => probe.members.some((member) => members.has(member)))
      .map(({ key }) => key);
    this.#order({ kind: 'hurry', keys });
  }

  /** The state of a BFD session is not asked for: who runs the session tells it, and the same judge decides. */
  tellBfd(session: string, up: boolean): void {
    this.#sessions.set(session, up);
    this.#judgeBfd(
      [...this.#board.probes().values()].filter(
        ({ check }) => check.type === 'bfd' && check.session === session,
      ),
    );
  }

  /** By what is known of their sessions; a check that came after the word hears it too. */
  #judgeBfd(probes: readonly Probe[]): void {
    const atMs = this.#options.clock.nowMs();
    const changes: [string, JudgeState][] = [];
    for (const { key, check } of probes) {
      const up = check.type === 'bfd' ? this.#sessions.get(check.session) : undefined;
      if (check.type !== 'bfd' || up === undefined) continue;
      const result = up
        ? { ok: true, latencyMs: 0, atMs }
        : { ok: false, error: `BFD session "${check.session}" is down`, latencyMs: 0, atMs };
      const state = this.#board.stateOf(key) ?? initialState(check.first, atMs);
      // The session has its own detection time: what it says counts at once.
      changes.push([key, judge(state, result, { ...settingsOf(check), rise: 1, fall: 1 })]);
    }
    this.#take({ kind: 'changes', changes });
  }

  stats(): Promise<RunnerStats> {
    return new Promise((resolve) => {
      const id = this.#nextId++;
      this.#waiting.set(id, resolve);
      this.#order({ kind: 'stats', id });
    });
  }

  /** What each probe's answers took, of those that answered. */
  latencies(): readonly { readonly probe: Probe; readonly latency: LatencySnapshot }[] {
    return [...this.#board.probes().values()].flatMap((probe) => {
      const latency = this.#times.of(probe.key)?.snapshot();
      return latency === undefined ? [] : [{ probe, latency }];
    });
  }

  /** The same of the checks of one member (`pool/member`), taken together. */
  answerTimes(member: string): AnswerTimes | undefined {
    const keys = this.#board.probeKeysOf(member);
    let count = 0;
    for (const key of keys) count += this.#times.countOf(key);
    const known = this.#answers.get(member);
    if (known !== undefined && known.count === count) return known;
    const times = toAnswerTimes(keys.flatMap((key) => this.#times.of(key)?.snapshot() ?? []));
    if (times === undefined) this.#answers.delete(member);
    else this.#answers.set(member, times);
    return times;
  }

  /** Another number after whatever changes the snapshot. */
  get version(): number {
    return this.#board.version;
  }

  snapshot(): BoardSnapshot {
    return this.#board.snapshot();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelRamp?.();
    this.#cancelPaths?.();
    this.#cancelRestart?.();
    await this.#stopWorker();
    await this.#paths;
    await this.#viaVip.close();
  }

  /** In the order of the calls: what an older intent asked for must not come after what this one does. */
  #openPaths(added: ReadonlySet<string>): void {
    this.#cancelPaths?.();
    this.#cancelPaths = undefined;
    this.#paths = this.#paths.then(async () => {
      const before = this.#viaVip.faulty;
      await this.#viaVip.set(this.#board.probes().values());
      const { faulty } = this.#viaVip;
      const vias = [...this.#board.probes().values()].filter(({ via }) => via !== undefined);
      this.#run(before || faulty ? vias : vias.filter(({ key }) => added.has(key)));
      // A link or a route may come later; nobody tells.
      if (faulty && !this.#closed)
        this.#cancelPaths = this.#options.clock.after(PATH_RETRY_MS, () => this.#openPaths(new Set()));
    });
  }

  #startWorker(): Worker {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), {
      name: 'health',
      // What a check leaves behind is small and soon forgotten: room for more would only be memory.
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB, maxOldGenerationSizeMb: this.#memoryMb },
      workerData: {
        times: this.#times.memory,
        maxRunning: checkPlaces(this.#openFiles),
      } satisfies WorkerData,
    });
    worker.on('message', (report: Report) => this.#take(report));
    const startedMs = this.#options.clock.monotonicMs();
    worker.on('error', (error: Error) => {
      this.#options.onFault?.(toFault(error, this.#memoryMb));
      // One that cannot even start must not be all that this node does from now on.
      const livedMs = this.#options.clock.monotonicMs() - startedMs;
      this.#cancelRestart = this.#options.clock.after(Math.max(0, RESTART_MS - livedMs), () => {
        if (this.#closed) return;
        this.#worker = this.#startWorker();
        this.#run([...this.#board.probes().values()]);
      });
    });
    return worker;
  }

  /** What runs is let go of first; a thread that does not come to it is ended all the same. */
  async #stopWorker(): Promise<void> {
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    this.#stopped = resolve;
    this.#order({ kind: 'stop' });
    this.#worker.once('exit', () => resolve());
    const cancel = this.#options.clock.after(STOP_MS, resolve);
    await stopped;
    cancel();
    await this.#worker.terminate();
  }

  #run(probes: readonly Probe[]): void {
    const runnable = probes
      .filter((probe) => probe.check.type !== 'bfd')
      .map((probe) => this.#runnable(probe));
    if (runnable.length > 0) this.#order({ kind: 'set', probes: runnable });
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }

  #take(report: Report): void {
    if (report.kind === 'stopped') {
      this.#stopped?.();
      return;
    }
    if (report.kind === 'stats') {
      this.#waiting.get(report.id)?.(report.stats);
      this.#waiting.delete(report.id);
      return;
    }
    const now = this.#options.clock.nowMs();
    const members = new Set<string>();
    for (const [key, state] of report.changes) {
      for (const member of this.#board.onState(key, state, now)) members.add(member);
    }
    if (members.size === 0) return;
    this.#armRamp();
    this.#options.onChange([...members]);
  }

  #armRamp(): void {
    this.#cancelRamp?.();
    const wait = this.#board.nextRampMs(this.#options.clock.nowMs());
    if (wait === undefined) return;
    this.#cancelRamp = this.#options.clock.after(wait, () => {
      this.#armRamp();
      this.#options.onChange([]);
    });
  }

  #runnable(probe: Probe): Extract<Order, { kind: 'set' }>['probes'][number] {
    const { key, address, port } = probe;
    const state = this.#board.stateOf(key);
    const slot = this.#times.take(key);
    const { mark, fault } = this.#viaVip.of(probe) ?? {};
    const check = revealed(probe.check);
    return {
      key,
      check: mark === undefined ? check : { ...check, mark },
      target: { address, port },
      ...(fault === undefined ? {} : { fault }),
      ...(state === undefined ? {} : { state }),
      ...(slot === undefined ? {} : { slot }),
    };
  }
}

/** A Secret does not survive the way into a thread; the script needs its plain value there. */
function revealed(check: HealthCheck): HealthCheck {
  if (check.type !== 'script') return check;
  const environment = Object.fromEntries(
    Object.entries(check.environment).map(([name, value]) => [
      name,
      value instanceof Secret ? value.reveal() : value,
    ]),
  );
  return { ...check, environment };
}
