// What a round does: gathers, has it reconciled, tells what came of it, and keeps what rounds hand to each other.

import type { BackoffOptions } from '../lib/backoff.ts';
import { Note } from '../lib/note.ts';
import type { StepResult } from '../model/driver.ts';
import type { Facts } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import type { Item, ItemMap } from '../model/item.ts';
import type { Plan } from '../model/plan.ts';
import type { ConcreteEngine } from '../model/protocol.ts';
import type { RoundSummary, Status } from '../model/status.ts';
import type { World, WorldListener } from '../model/world.ts';
import { configuredWorld } from '../plan/configured-world.ts';
import { heldSteps } from '../plan/guard.ts';
import { createResolver, type ResolveOptions, type Resolver } from '../plan/resolve.ts';
import { breathe, isLarge } from './breathe.ts';
import { DrainKeeper } from './drain-keeper.ts';
import type { Drains } from './drains.ts';
import { driftSteps } from './drift.ts';
import type { EngineEvent, WakeReason } from './events.ts';
import { Loop } from './loop.ts';
import { nextOverrideEndMs, nextWake } from './next-wake.ts';
import { Ground, type OvertakeInput, type Overtaking, overtake } from './overtake.ts';
import type { Part } from './own-part.ts';
import type { EnginePorts } from './ports.ts';
import { previewPlan } from './preview.ts';
import {
  DEFAULT_LIMITS,
  type DriverView,
  type RoundLimits,
  type RoundOutcome,
  reconcile,
} from './reconcile.ts';
import { Retries } from './retries.ts';
import { type FinishedRound, roundEvents, toRecord, toReport } from './round-report.ts';
import { StatusView } from './status.ts';

export interface EngineOptions extends ResolveOptions {
  /** Wakes that come within this time make one round. Default 10. */
  readonly coalesceMs?: number;
  /** The same for facts, as a failed member waits for it: those of one turn have come together already. Default 1. */
  readonly factsCoalesceMs?: number;
  readonly backoff?: BackoffOptions;
  readonly limits?: Partial<RoundLimits>;
  /** A confirmation that nothing used is void after this. Default 5 min. */
  readonly confirmMs?: number;
}

interface Loaded {
  readonly intent: Intent;
  readonly hash: string;
}

/** Rounds in a row that something newer may cut short; then one runs to its end, so that flapping cannot starve it. */
const MAX_CUTS = 8;

export class Engine {
  readonly #ports: EnginePorts;
  readonly #options: EngineOptions;
  readonly #limits: RoundLimits;
  readonly #resolver: Resolver;
  readonly #retries: Retries;
  readonly #drains: DrainKeeper;
  readonly #loop: Loop;
  #items = new Note<WorldListener, readonly Item[]>();
  #loaded: Loaded | undefined;
  #complete = false;
  #configError: string | undefined;
  #quorum: ReadonlyMap<string, boolean>;
  #last: FinishedRound | undefined;
  /** When the last round began, finished or not. */
  #judgedMs = 0;
  /** What each driver showed when it was last read. */
  #left: ReadonlyMap<string, DriverView> = new Map();
  #confirmed: ReadonlySet<string> = new Set();
  #confirmedUntilMs = 0;
  #saved: readonly unknown[] = [];
  #status: { readonly view: StatusView; readonly configError: string | undefined } | undefined;
  /** Drivers that still work on what was given up on: they take no part until they are done. */
  readonly #busy = new Set<string>();
  /** How often facts were told, and up to which time they went ahead of the plan that is applied. */
  #factsTold = 0;
  #heeded = 0;
  /** Whether the facts told since the round began are in the data plane already. */
  #ahead = false;
  #rounds = 0;
  #cuts = 0;
  #driftTotal = 0;

  constructor(ports: EnginePorts, options: EngineOptions = {}) {
    const memory = ports.store?.load();
    this.#ports = ports;
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#resolver = createResolver(options);
    this.#retries = new Retries(options.backoff);
    this.#drains = new DrainKeeper(memory?.drains ?? []);
    this.#quorum = new Map(memory?.quorum ?? []);
    this.#loop = new Loop({
      clock: ports.clock,
      coalesceMs: options.coalesceMs ?? 10,
      factsCoalesceMs: options.factsCoalesceMs ?? 1,
      round: (why) => this.#roundOrFail(why),
      tookMs: () => this.#last?.round.durationMs ?? 0,
      next: () => this.#next(),
    });
  }

  start(): void {
    this.wake('config');
  }

  /** Says "look again", nothing more. Many wakes make one round. */
  wake(reason: WakeReason): void {
    if (reason === 'facts') this.#factsTold++;
    this.#loop.wake(reason);
  }

  /** A person wants what the guards hold now; what they will hold later needs another word. */
  confirm(): void {
    if (this.#last === undefined) return;
    this.#confirmed = heldSteps(this.#last.outcome.plan);
    this.#confirmedUntilMs = this.#ports.clock.nowMs() + (this.#options.confirmMs ?? 300_000);
    this.wake('request');
  }

  /** Resolves when no round runs and none is asked for. */
  idle(): Promise<void> {
    return this.#loop.idle();
  }

  /** Plan of the last round; absent before the first. */
  get plan(): Plan | undefined {
    return this.#last?.outcome.plan;
  }

  get world(): World | undefined {
    return this.#last?.world;
  }

  get drains(): Drains {
    return this.#drains.current;
  }

  get driftRepaired(): number {
    return this.#driftTotal;
  }

  get configError(): string | undefined {
    return this.#configError;
  }

  /** What the next round would plan were this the Intent, or the part of it; absent before the first round. */
  preview(intent: Intent, part?: Part): Plan | undefined {
    if (this.#last === undefined) return undefined;
    const facts = { ...this.#ports.facts.read(intent), quorum: this.#quorum };
    return previewPlan({
      intent,
      inForce: this.#last.intent,
      inForceWorld: this.#last.world,
      ...(part === undefined ? {} : { part }),
      facts,
      drivers: this.#ports.drivers,
      views: this.#left,
      withDrains: (world) => this.#drains.preview(world, facts.nowMs),
      options: this.#options,
    });
  }

  /** Absent before the first round. */
  status(): Status | undefined {
    return this.statusView()?.whole();
  }

  /** The same in parts, for who asks for one object among thousands. */
  statusView(): StatusView | undefined {
    const last = this.#last;
    if (last === undefined) return undefined;
    const made = this.#status;
    if (made?.view.round === last.round && made.configError === this.#configError) return made.view;
    const view = this.#makeStatus(last);
    this.#status = { view, configError: this.#configError };
    return view;
  }

  /** Of the last round; absent before the first. */
  get round(): RoundSummary | undefined {
    return this.#last?.round;
  }

  #makeStatus(last: FinishedRound): StatusView {
    return new StatusView({
      intent: last.intent,
      hash: last.hash,
      ...(this.#configError === undefined ? {} : { configError: this.#configError }),
      facts: last.facts,
      world: last.world,
      outcome: last.outcome,
      driverOf: (listener) => listener.engine,
      itemsOf: (listener) => this.#itemsOf(listener),
      quorum: last.quorum,
      errors: this.#retries.errors(),
      round: last.round,
    });
  }

  /** Ends after the round that runs. The data planes stay as they are; drivers are closed by who made them. */
  close(): Promise<void> {
    return this.#loop.close();
  }

  /** A round that throws is a fault of ours: told loudly, traffic stays, the next tick tries again. */
  async #roundOrFail(why: readonly WakeReason[]): Promise<boolean> {
    try {
      return await this.#round(why);
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      this.#emit({ kind: 'round-failed', atMs: this.#ports.clock.nowMs(), message });
      return false;
    }
  }

  async #round(why: readonly WakeReason[]): Promise<boolean> {
    if (why.includes('config') || this.#loaded === undefined) await this.#loadIntent();
    const loaded = this.#loaded;
    if (loaded === undefined) return false;
    if (why.includes('config')) await breathe();
    if (why.includes('request')) this.#retries.release();
    else if (why.includes('network')) this.#retries.release('INTERFACE_MISSING');
    const startedMs = this.#ports.clock.nowMs();
    this.#judgedMs = startedMs;
    const started = this.#ports.clock.monotonicMs();
    const facts = { ...this.#ports.facts.read(loaded.intent), quorum: this.#quorum };
    const base = this.#resolver.resolve(loaded.intent, facts);
    const world = this.#drains.apply(base, startedMs);
    const quorum = this.#resolver.quorum();
    const mayCut = this.#cuts < MAX_CUTS;
    this.#ahead = false;
    if (isLarge(world)) await breathe();

    let made: Ground | undefined;
    const ground = (): Ground => {
      made ??= new Ground(loaded.intent, world);
      return made;
    };
    const outcome = await reconcile({
      world,
      configured: () => configuredWorld(this.#drains.agreed(base, startedMs), loaded.intent),
      drivers: this.#ports.drivers,
      absent: absentDrivers(
        facts,
        this.#ports.drivers.map((driver) => driver.name),
      ),
      guard: loaded.intent.guard,
      loaded: this.#complete,
      confirmed: this.#confirmedUntilMs > startedMs ? this.#confirmed : new Set(),
      retries: this.#retries,
      busy: this.#busy,
      clock: this.#ports.clock,
      random: () => this.#ports.random.next(),
      // Facts that went first need no other plan; what else they changed does.
      superseded: () =>
        mayCut && (this.#loop.isAsked('config') || (this.#loop.isAsked('facts') && !this.#ahead)),
      overtake: (observed, results) =>
        this.#overtake({ intent: loaded.intent, before: facts, ground: ground() }, observed, results),
      limits: this.#limits,
    });

    if (isLarge(world)) await breathe();
    this.#cuts = outcome.cut ? this.#cuts + 1 : 0;
    const held = heldSteps(outcome.plan);
    if (held.size === 0) this.#confirmed = new Set();
    this.#drains.start([...held, ...supersededIds(outcome)], startedMs);
    const drift = driftSteps(
      outcome.results.filter((result) => result.ok).map((result) => result.step),
      this.#left,
    );
    this.#driftTotal += drift.length;
    const round: RoundSummary = {
      number: ++this.#rounds,
      why: why.join(' '),
      startedMs,
      durationMs: this.#ports.clock.monotonicMs() - started,
      steps: outcome.results.length,
      failed: outcome.results.filter((result) => !result.ok).length,
      held: outcome.held.length,
      driftRepaired: drift.length,
    };
    const finished: FinishedRound = { ...loaded, facts, world, outcome, quorum, drift, round };
    for (const event of roundEvents(this.#last, finished, this.#quorum)) this.#emit(event);
    if (round.steps > 0) this.#ports.history?.record(toRecord(finished));
    this.#left = new Map([...this.#left, ...outcome.views]);
    this.#quorum = quorum;
    this.#last = finished;
    this.#remember();
    this.#ports.onRound?.(toReport(finished));
    return outcome.cut;
  }

  /** Between two chunks of a long plan: health that changed is told to the data plane before the rest of the plan. */
  #overtake(
    round: Pick<OvertakeInput, 'intent' | 'before' | 'ground'>,
    observed: (driver: string) => ItemMap,
    results: readonly StepResult[],
  ): Overtaking | undefined {
    round.ground.catchUp(results);
    if (!this.#loop.isAsked('facts') || this.#heeded === this.#factsTold) return undefined;
    this.#heeded = this.#factsTold;
    const urgent = overtake({
      ...round,
      now: { ...this.#ports.facts.read(round.intent), quorum: this.#quorum },
      drivers: this.#ports.drivers.filter(({ name }) => !this.#busy.has(name)),
      observed,
      options: this.#options,
    });
    this.#ahead = urgent !== undefined;
    return urgent;
  }

  async #loadIntent(): Promise<void> {
    const atMs = this.#ports.clock.nowMs();
    const result = await this.#ports.intents.load().catch((cause: unknown) => ({
      ok: false as const,
      error: cause instanceof Error ? cause.message : String(cause),
    }));
    if (!result.ok) {
      // Without any good one it is read again every round: told once.
      if (this.#configError !== result.error)
        this.#emit({ kind: 'config-refused', atMs, error: result.error });
      this.#configError = result.error;
      return;
    }
    if (result.refused !== undefined && this.#configError !== result.refused)
      this.#emit({ kind: 'config-refused', atMs, error: result.refused });
    this.#configError = result.refused;
    if (result.complete !== false) this.#complete = true;
    if (this.#loaded?.hash !== result.hash) this.#emit({ kind: 'config-loaded', atMs, hash: result.hash });
    // Drivers make other items of the same listeners where what is asked of them as a whole differs.
    const planes = JSON.stringify(this.#loaded?.intent.dataPlane);
    if (planes !== JSON.stringify(result.intent.dataPlane)) this.#items = new Note();
    this.#loaded = { intent: result.intent, hash: result.hash };
  }

  /** Saved when it changed: quorum and drains must survive a restart, everything else is observed again. */
  #remember(): void {
    const { store } = this.#ports;
    const now = [this.#quorum, this.#drains.current] as const;
    if (store === undefined || (now[0] === this.#saved[0] && now[1] === this.#saved[1])) return;
    store.save({ quorum: [...this.#quorum], drains: [...this.#drains.current.values()] });
    this.#saved = now;
  }

  #next(): ReturnType<typeof nextWake> {
    const now = this.#ports.clock.nowMs();
    const overrideEnd = this.#last === undefined ? undefined : nextOverrideEndMs(this.#last.facts, now);
    return nextWake(
      this.#loaded?.intent.daemon.reconcileIntervalMs ?? 1000,
      [
        { atMs: this.#retries.nextDueMs(this.#judgedMs), reason: 'retry' },
        { atMs: this.#drains.nextEndMs(now), reason: 'facts' },
        { atMs: overrideEnd, reason: 'facts' },
      ],
      now,
    );
  }

  /** Items of one listener, asked of its driver once: a listener that has not changed is the same object next round. */
  #itemsOf(listener: WorldListener): readonly Item[] {
    let items = this.#items.get(listener);
    if (items === undefined) {
      const driver = this.#ports.drivers.find((one) => one.name === listener.engine);
      const alone: World = { addresses: [], listeners: [listener], certificates: [], unplaced: [] };
      items = driver === undefined ? [] : [...driver.desired(alone).values()];
      this.#items.set(listener, items);
    }
    return items;
  }

  #emit(event: EngineEvent): void {
    this.#ports.events.emit(event);
  }
}

/** A driver whose engine is gone is left alone: what it carries may well go on serving. */
function absentDrivers(facts: Facts, names: readonly string[]): ReadonlyMap<string, string> {
  const absent = new Map<string, string>();
  for (const name of names) {
    const fact = (facts.engines as Readonly<Record<string, Facts['engines'][ConcreteEngine] | undefined>>)[
      name
    ];
    if (fact !== undefined && !fact.available) absent.set(name, fact.why ?? 'its engine is not available');
  }
  return absent;
}

function supersededIds(outcome: RoundOutcome): readonly string[] {
  return outcome.held.filter((one) => one.why === 'superseded').map((one) => one.step.id);
}
