// Every way to another configuration: reload, writes of the API, rollback, trial. One at a time; each is judged whole, stored as a
// revision, and only then handed to the engine.
import type {
  Change,
  ConfigObject,
  ConfigPort,
  ObjectKind,
  Planned,
  ReloadChange,
  ReloadResult,
  RevisionInfo,
  ShownContent,
  SnapshotInfo,
  WriteRequest,
} from '../../../engine/config-port.ts';
import type { Part } from '../../../engine/own-part.ts';
import type { IntentResult, IntentSource, RoundReport } from '../../../engine/ports.ts';
import { LbError } from '../../../model/errors.ts';
import type { Intent } from '../../../model/intent.ts';
import type { Plan } from '../../../model/plan.ts';
import type { Quota, Usage } from '../../../model/project.ts';
import type { RunningConfig } from '../../../model/status.ts';
import { heldSteps } from '../../../plan/guard.ts';
import { type FileSet, firstFault, isGood, type Loaded, loadWith, toFileSet } from './config-source.ts';
import { draftWrites } from './draft-writes.ts';
import { hideContent } from './hide-content.ts';
import type { InForce } from './in-force.ts';
import { joinChanges } from './join-changes.ts';
import { ObjectBook } from './object-book.ts';
import { PinAndTrial, toldTrial } from './pin-and-trial.ts';
import { Previews } from './previews.ts';
import { requireUnheld } from './require-unheld.ts';
import type { Next } from './revision-reader.ts';
import { addSnapshot, removeSnapshot } from './snapshots.ts';
import { StandingConfig, type StandingOptions } from './standing-config.ts';
import { usageOf } from './tenancy.ts';
import { TrialClock } from './trial-clock.ts';
import { WakePace } from './wake-pace.ts';
import { WriteQueue } from './write-queue.ts';

/** What the desk needs of the engine. */
export interface Loop {
  /** Look at the configuration again. */
  wake(): void;
  /** Resolves after the round that does. */
  idle(): Promise<void>;
  /** How long the last one took. */
  roundMs(): number;
  preview(intent: Intent, part?: Part): Plan | undefined;
  /** Of the last round. */
  plan(): Plan | undefined;
  /** What guards hold now is wanted. */
  confirm(): void;
}

export interface DeskOptions extends StandingOptions {
  readonly memory: { recall<T>(name: string): T | undefined; remember(name: string, value: unknown): void };
  readonly loop: Loop;
  /** Called with each Intent the engine takes, before the round that applies it. */
  readonly onIntent: (intent: Intent) => void;
  readonly quotaOf: (project: string) => Quota | undefined;
  /** The state of before was lost: objects nobody knows of any more may be in the data plane, so nothing is removed yet. */
  readonly stateLost: boolean;
}

export class ConfigDesk implements ConfigPort, IntentSource {
  readonly #options: DeskOptions;
  readonly #special: PinAndTrial;
  readonly #trial: TrialClock;
  readonly #standing: StandingConfig;
  readonly #previews: Previews;
  readonly #pace: WakePace;
  readonly #writes: WriteQueue<WriteRequest, { revision: number }>;
  /** Why what was last read from disk is not in force. */
  #refused: string | undefined;
  #given: Loaded | undefined;
  #incomplete: boolean;
  #opening: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#incomplete = options.stateLost;
    this.#special = new PinAndTrial(options.memory);
    this.#trial = new TrialClock({
      special: this.#special,
      nowMs: options.nowMs,
      onOver: () => void this.#undoTrial(),
    });
    this.#standing = new StandingConfig(options);
    this.#previews = new Previews(options, this.#standing);
    this.#pace = new WakePace(
      () => options.loop.wake(),
      () => options.loop.roundMs(),
    );
    this.#writes = new WriteQueue(
      (requests) => this.#commit(requests),
      (error) => error instanceof LbError && error.code !== 'STATE_UNWRITABLE' && error.code !== 'TRIAL_RUNS',
    );
  }

  get intent(): Intent | undefined {
    return this.#standing.now?.loaded.intent;
  }

  /** The configuration to begin with: that of the last revision where files are pinned or on trial, else that on disk. */
  async open(): Promise<void> {
    const { store } = this.#options;
    const book = ObjectBook.of(store.objects());
    const disk = toFileSet(await this.#options.source.read());
    const { pin } = this.#special;
    const pinned = pin?.disk === disk.digest ? this.#standing.filesOf(pin.revision) : undefined;
    if (pin !== undefined && pinned === undefined) this.#special.holdPin(undefined);
    const files = pinned ?? disk;
    const loaded = loadWith(this.#options.source, files, book.all());
    const last = store.last();
    if (isGood(loaded)) {
      const change = { author: 'lbctl', reason: 'read at start' };
      this.#standing.adoptAsFound({ files, book, loaded, edits: [] }, last, change);
    } else {
      this.#refused = firstFault(loaded.diagnostics);
      if (last !== undefined) this.#standing.takeAgain(last.number);
    }
    this.#trial.resume(last?.number);
  }

  async load(): Promise<IntentResult> {
    await this.#opened();
    const now = this.#standing.now;
    if (now === undefined) return { ok: false, error: this.#refused ?? 'The configuration cannot be read' };
    const { loaded } = now;
    if (this.#given !== loaded) {
      this.#given = loaded;
      this.#options.onIntent(loaded.intent);
    }
    const refused = this.#refused === undefined ? {} : { refused: this.#refused };
    return { ok: true, intent: loaded.intent, hash: loaded.hash, complete: !this.#incomplete, ...refused };
  }

  onRound(report: RoundReport): void {
    this.#standing.onRound(report);
    this.#special.save();
  }

  /** Somebody has seen that the state of before is lost: what nobody knows of may be removed. */
  acceptLoss(): void {
    if (!this.#incomplete) return;
    this.#incomplete = false;
    this.#options.loop.wake();
  }

  close(): void {
    this.#pace.close();
    this.#trial.close();
    this.#writes.flush();
  }

  running(): RunningConfig {
    const revision = this.#standing.revision;
    const { pin, trial } = this.#special;
    return {
      ...(revision === undefined ? {} : { revision }),
      ...(pin === undefined ? {} : { pinned: { revision: pin.revision, atMs: pin.atMs } }),
      ...(trial === undefined ? {} : { trial: toldTrial(trial) }),
    };
  }

  objects(kind: ObjectKind): readonly ConfigObject[] {
    return this.#standing.require().catalogue.list(kind);
  }

  object(kind: ObjectKind, name: string): ConfigObject | undefined {
    return this.#standing.require().catalogue.get(kind, name);
  }

  usage(): ReadonlyMap<string, Usage> {
    const { catalogue, loaded } = this.#standing.require();
    return usageOf(catalogue, loaded.intent);
  }

  write(request: WriteRequest): Promise<{ readonly revision: number }> {
    return this.#writes.push(request);
  }

  planWrite(request: WriteRequest): Planned {
    return this.#previews.ofWrite(request);
  }

  /** The files on disk; the old configuration stays on error. Resolves after the round. */
  reload(change: ReloadChange): Promise<ReloadResult> {
    return this.#serial(async () => {
      await this.#opened();
      this.#trial.requireNone();
      const disk = toFileSet(await this.#options.source.read());
      change.begin?.();
      const { pin } = this.#special;
      const now = this.#standing.now;
      if (pin?.disk === disk.digest && change.unpin !== true && now !== undefined)
        return this.#settled(change, {
          ok: true,
          ...revisionOf(now),
          hash: now.loaded.hash,
          diagnostics: [],
        });
      const book = now?.book ?? ObjectBook.of(this.#options.store.objects());
      const loaded = loadWith(this.#options.source, disk, book.all());
      if (!isGood(loaded)) {
        this.#refused = firstFault(loaded.diagnostics);
        return this.#settled({}, { ok: false, diagnostics: loaded.diagnostics });
      }
      this.#refused = undefined;
      const next: Next = { files: disk, book, loaded, edits: [] };
      const { previous, revision } = this.#standing.adoptAsFound(next, this.#standing.last(), change);
      this.#special.holdPin(undefined);
      if (revision !== undefined && previous !== undefined && revision !== previous)
        this.#trial.begin(revision, previous, change);
      const told = revision === undefined ? {} : { revision };
      return this.#settled(change, {
        ok: true,
        hash: loaded.hash,
        ...told,
        diagnostics: loaded.diagnostics,
      });
    });
  }

  planReload(): Promise<Planned> {
    return this.#previews.ofReload();
  }

  revisions(limit: number, before?: number): readonly RevisionInfo[] {
    return this.#options.store.list(limit, before);
  }

  revisionCount(): number {
    return this.#options.store.count();
  }

  revision(number: number): ShownContent | undefined {
    const content = this.#options.store.content(number);
    return content === undefined ? undefined : hideContent(content);
  }

  planRollback(number: number): Planned {
    return this.#previews.ofRollback(number);
  }

  rollback(number: number, change: Change): Promise<{ readonly revision: number }> {
    return this.#serial(async () => {
      this.#trial.requireNone();
      const target = this.#standing.read(number);
      requireUnheld(this.#previews.of(target.loaded).plan, change);
      const disk = toFileSet(await this.#options.source.read());
      change.begin?.();
      const revision = this.#return(target, disk, change);
      await this.#settled(change, undefined);
      return { revision };
    });
  }

  snapshots(): readonly SnapshotInfo[] {
    return this.#options.store.snapshots();
  }

  addSnapshot(name: string, change: Change, revision = this.#standing.require().revision): SnapshotInfo {
    const { store, nowMs } = this.#options;
    return addSnapshot(store, name, revision, change, nowMs());
  }

  removeSnapshot(name: string): void {
    removeSnapshot(this.#options.store, name);
  }

  confirmTrial(): boolean {
    return this.#trial.confirm();
  }

  /** One write after the other sees the ones before it; together they are one revision. */
  #commit(requests: readonly WriteRequest[]): { revision: number } {
    this.#trial.requireNone();
    const next = draftWrites(requests, this.#standing.require(), this.#options);
    if (next.edits.length === 0) return { revision: this.#standing.revision ?? 0 };
    const previous = this.#standing.revision;
    const revision = this.#standing.adopt(next, joinChanges(requests));
    const trial = requests.find(({ confirmWithinMs }) => confirmWithinMs !== undefined);
    if (trial !== undefined && previous !== undefined) this.#trial.begin(revision, previous, trial);
    this.#pace.soon();
    if (requests.some(({ force }) => force === true)) void this.#settled({ force: true }, undefined);
    return { revision };
  }

  /** An older content as a new revision; its files stay in force until those on disk are other ones than now. */
  #return(target: Next, disk: FileSet, change: Change): number {
    const previous = this.#standing.revision;
    const revision = this.#standing.adopt(target, change);
    this.#refused = undefined;
    if (target.files.digest === disk.digest) this.#special.holdPin(undefined);
    else this.#special.holdPin({ revision, atMs: this.#options.nowMs(), disk: disk.digest });
    if (previous !== undefined) this.#trial.begin(revision, previous, change);
    return revision;
  }

  async #undoTrial(): Promise<void> {
    await this.#serial(async () => {
      const { trial } = this.#special;
      if (trial === undefined) return;
      const change = {
        author: 'lbctl',
        reason: `revision ${trial.revision} was not confirmed in time`,
        force: true,
      };
      try {
        const target = this.#standing.read(trial.previous);
        const disk = toFileSet(await this.#options.source.read());
        const stored = this.#standing.adoptAnyway(target, change);
        this.#refused = undefined;
        const pin = { revision: stored ?? trial.previous, atMs: this.#options.nowMs(), disk: disk.digest };
        this.#special.holdPin(target.files.digest === disk.digest ? undefined : pin);
        this.#special.dropTrial();
      } catch (error) {
        if (!(error instanceof LbError)) throw error;
        this.#special.dropTrial();
        this.#options.onFault(error, 'a configuration that was not confirmed could not be undone');
        return;
      }
      await this.#settled(change, undefined);
    });
  }

  /** The round has run; what guards held of it is applied where that was asked for. */
  async #settled<T>({ force }: Pick<Change, 'force'>, result: T): Promise<T> {
    const { loop } = this.#options;
    this.#pace.now();
    await loop.idle();
    const plan = loop.plan();
    if (force === true && plan !== undefined && heldSteps(plan).size > 0) {
      loop.confirm();
      await loop.idle();
    }
    return result;
  }

  /** Never in turn: who has the turn may wait for the round that waits for this. */
  async #opened(): Promise<void> {
    if (this.#standing.now !== undefined) return;
    this.#opening ??= this.open().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  /** Whatever reads the disk takes its turn. */
  #serial<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act, act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

function revisionOf({ revision }: InForce): { revision?: number } {
  return revision === undefined ? {} : { revision };
}
