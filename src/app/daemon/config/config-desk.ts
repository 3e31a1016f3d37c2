// Which configuration is in force, and every way to another one: reload, writes of the API, rollback, trial. One at a time;
// each is judged whole, stored as a revision, and only then handed to the engine.
import type {
  Change,
  ConfigObject,
  ConfigPort,
  ObjectKind,
  Planned,
  ReloadChange,
  ReloadResult,
  RevisionContent,
  RevisionInfo,
  RevisionOutcome,
  RevisionStore,
  SnapshotInfo,
  WriteRequest,
} from '../../../engine/config-port.ts';
import type { Part } from '../../../engine/own-part.ts';
import type { IntentResult, IntentSource, RoundReport } from '../../../engine/ports.ts';
import { InputError, LbError, WaitingError } from '../../../model/errors.ts';
import type { Intent } from '../../../model/intent.ts';
import type { Plan } from '../../../model/plan.ts';
import type { Quota, Usage } from '../../../model/project.ts';
import type { RunningConfig } from '../../../model/status.ts';
import { heldSteps } from '../../../plan/guard.ts';
import {
  type ConfigSource,
  type FileSet,
  firstFault,
  isGood,
  type Loaded,
  loadWith,
  toFileSet,
} from './config-source.ts';
import { draftWrites } from './draft-writes.ts';
import { hideContent } from './hide-content.ts';
import { type InForce, putInForce } from './in-force.ts';
import { joinChanges } from './join-changes.ts';
import { ObjectBook } from './object-book.ts';
import { Outcomes } from './outcomes.ts';
import { ownFaults } from './own-faults.ts';
import { PinAndTrial } from './pin-and-trial.ts';
import { requireUnheld } from './require-unheld.ts';
import { type Next, RevisionReader } from './revision-reader.ts';
import { addSnapshot, removeSnapshot } from './snapshots.ts';
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

export interface DeskOptions {
  readonly source: ConfigSource;
  readonly store: RevisionStore;
  readonly memory: { recall<T>(name: string): T | undefined; remember(name: string, value: unknown): void };
  readonly loop: Loop;
  readonly nowMs: () => number;
  /** Called with each Intent the engine takes, before the round that applies it. */
  readonly onIntent: (intent: Intent, files: readonly string[]) => void;
  /** What could not be written; whatever serves goes on. */
  readonly onFault: (error: LbError, what: string) => void;
  readonly quotaOf: (project: string) => Quota | undefined;
  /** The state of before was lost: objects nobody knows of any more may be in the data plane, so nothing is removed yet. */
  readonly stateLost: boolean;
}

export class ConfigDesk implements ConfigPort, IntentSource {
  readonly #options: DeskOptions;
  readonly #special: PinAndTrial;
  readonly #trial: TrialClock;
  readonly #outcomes: Outcomes;
  readonly #reader: RevisionReader;
  readonly #pace: WakePace;
  readonly #writes: WriteQueue<WriteRequest, { revision: number }>;
  #now: InForce | undefined;
  /** Why what was last read from disk is not in force. */
  #refused: string | undefined;
  #given: Loaded | undefined;
  #incomplete: boolean;
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
    this.#reader = new RevisionReader(options.store, options.source);
    this.#pace = new WakePace(
      () => options.loop.wake(),
      () => options.loop.roundMs(),
    );
    this.#outcomes = new Outcomes((revision, outcome) => this.#setOutcome(revision, outcome));
    this.#writes = new WriteQueue(
      (requests) => this.#commit(requests),
      (error) => error instanceof LbError && error.code !== 'STATE_UNWRITABLE' && error.code !== 'TRIAL_RUNS',
    );
  }

  get intent(): Intent | undefined {
    return this.#now?.loaded.intent;
  }

  /** The configuration to begin with: that of the last revision where files are pinned or on trial, else that on disk. */
  async open(): Promise<void> {
    const { store } = this.#options;
    const book = ObjectBook.of(store.objects());
    const disk = toFileSet(await this.#options.source.read());
    const { pin } = this.#special;
    const pinned = pin?.disk === disk.digest ? this.#reader.filesOf(pin.revision) : undefined;
    if (pin !== undefined && pinned === undefined) this.#special.unpin();
    const files = pinned ?? disk;
    const loaded = loadWith(this.#options.source, files, book.all());
    const last = store.last();
    if (isGood(loaded)) {
      const change = { author: 'lbctl', reason: 'read at start' };
      this.#adoptAsFound({ files, book, loaded, edits: [] }, last, change);
    } else {
      this.#refused = firstFault(loaded.diagnostics);
      if (last !== undefined) this.#setLast(last.number);
    }
    this.#trial.resume();
  }

  async load(): Promise<IntentResult> {
    if (this.#now === undefined) await this.#serial(() => this.open());
    const now = this.#now;
    if (now === undefined) return { ok: false, error: this.#refused ?? 'The configuration cannot be read' };
    const { loaded, files } = now;
    if (this.#given !== loaded) {
      this.#given = loaded;
      this.#options.onIntent(
        loaded.intent,
        files.stored.map(({ file }) => file),
      );
    }
    const refused = this.#refused === undefined ? {} : { refused: this.#refused };
    return { ok: true, intent: loaded.intent, hash: loaded.hash, complete: !this.#incomplete, ...refused };
  }

  onRound(report: RoundReport): void {
    this.#outcomes.hear(report);
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
    const revision = this.#now?.revision;
    const { pin, trial } = this.#special;
    return {
      ...(revision === undefined ? {} : { revision }),
      ...(pin === undefined ? {} : { pinned: { revision: pin.revision, atMs: pin.atMs } }),
      ...(trial === undefined ? {} : { trial }),
    };
  }

  objects(kind: ObjectKind): readonly ConfigObject[] {
    return this.#require().catalogue.list(kind);
  }

  object(kind: ObjectKind, name: string): ConfigObject | undefined {
    return this.#require().catalogue.get(kind, name);
  }

  usage(): ReadonlyMap<string, Usage> {
    const { catalogue, loaded } = this.#require();
    return usageOf(catalogue, loaded.intent);
  }

  write(request: WriteRequest): Promise<{ readonly revision: number }> {
    return this.#writes.push(request);
  }

  planWrite(request: WriteRequest): Planned {
    const now = this.#require();
    const next = draftWrites([request], now, this.#options);
    const { project } = request;
    if (project === undefined) return this.#planned(next.loaded);
    const { catalogue } = putInForce(next, undefined, now);
    const isOwn = (one: ConfigObject | undefined): boolean => one?.project === project;
    const part: Part = {
      has: (kind, name) => isOwn(now.catalogue.get(kind, name)) || isOwn(catalogue.get(kind, name)),
    };
    const { edits } = next;
    const teller = { project, edits, catalogue: now.catalogue, intent: now.loaded.intent };
    const planned = this.#planned(next.loaded, part);
    return { ...planned, diagnostics: ownFaults(planned.diagnostics, teller) };
  }

  /** The files on disk; the old configuration stays on error. Resolves after the round. */
  reload(change: ReloadChange): Promise<ReloadResult> {
    return this.#serial(async () => {
      this.#trial.requireNone();
      const disk = toFileSet(await this.#options.source.read());
      const { pin } = this.#special;
      const now = this.#now;
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
      const { previous, revision } = this.#adoptAsFound(next, this.#last(), change);
      this.#special.unpin();
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

  async planReload(): Promise<Planned> {
    const disk = toFileSet(await this.#options.source.read());
    const loaded = loadWith(this.#options.source, disk, this.#require().book.all());
    if (isGood(loaded)) return this.#planned(loaded);
    const { diagnostics } = loaded;
    throw new InputError('CONFIG_INVALID', `Cannot plan a reload: ${firstFault(diagnostics)}`, {
      details: { diagnostics },
    });
  }

  revisions(limit: number, before?: number): readonly RevisionInfo[] {
    return this.#options.store.list(limit, before);
  }

  revisionCount(): number {
    return this.#options.store.count();
  }

  revision(number: number): RevisionContent | undefined {
    const content = this.#options.store.content(number);
    return content === undefined ? undefined : hideContent(content);
  }

  planRollback(number: number): Planned {
    return this.#planned(this.#read(number).loaded);
  }

  rollback(number: number, change: Change): Promise<{ readonly revision: number }> {
    return this.#serial(async () => {
      this.#trial.requireNone();
      const target = this.#read(number);
      requireUnheld(this.#planned(target.loaded).plan, change);
      const disk = toFileSet(await this.#options.source.read());
      const revision = this.#return(target, disk, change);
      await this.#settled(change, undefined);
      return { revision };
    });
  }

  snapshots(): readonly SnapshotInfo[] {
    return this.#options.store.snapshots();
  }

  addSnapshot(name: string, change: Change, revision = this.#require().revision): SnapshotInfo {
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
    const next = draftWrites(requests, this.#require(), this.#options);
    if (next.edits.length === 0) return { revision: this.#now?.revision ?? 0 };
    const previous = this.#now?.revision;
    const revision = this.#adopt(next, joinChanges(requests));
    const trial = requests.find(({ confirmWithinMs }) => confirmWithinMs !== undefined);
    if (trial !== undefined && previous !== undefined) this.#trial.begin(revision, previous, trial);
    this.#pace.soon();
    if (requests.some(({ force }) => force === true)) void this.#settled({ force: true }, undefined);
    return { revision };
  }

  /** What was found on disk: a revision only where it differs from the last one. The history may fail, the files must not. */
  #adoptAsFound(
    next: Next,
    last: RevisionInfo | undefined,
    change: Change,
  ): { readonly revision?: number; readonly previous?: number } {
    const previous = last === undefined ? {} : { previous: last.number };
    const same =
      last !== undefined && last.hash === next.loaded.hash && this.#reader.hasFiles(last.number, next.files);
    if (same) {
      this.#set(next, last.number);
      // It was stored, and then we died: what comes of it is seen now.
      if (last.outcome.state !== 'applied') this.#outcomes.begin(last.number, last.hash);
      return { revision: last.number, ...previous };
    }
    try {
      return { revision: this.#adopt(next, change), ...previous };
    } catch (error) {
      if (!(error instanceof LbError) || error.code !== 'STATE_UNWRITABLE') throw error;
      // On trial means that it can be undone after a crash: without the history it cannot.
      if (change.confirmWithinMs !== undefined) throw error;
      this.#options.onFault(error, 'a configuration is in force that the history does not have');
      this.#set(next, undefined);
      return previous;
    }
  }

  #adopt(next: Next, { author, reason }: Change): number {
    const { store, nowMs } = this.#options;
    const revision = store.add({
      atMs: nowMs(),
      author,
      reason,
      hash: next.loaded.hash,
      files: next.files.stored,
      edits: next.edits,
      outcome: { state: 'pending' },
    });
    this.#set(next, revision);
    this.#outcomes.begin(revision, next.loaded.hash);
    return revision;
  }

  #set(next: Omit<Next, 'edits'>, revision: number | undefined): void {
    this.#now = putInForce(next, revision, this.#now);
  }

  /** An older content as a new revision; its files stay in force until those on disk are other ones than now. */
  #return(target: Next, disk: FileSet, change: Change): number {
    const previous = this.#now?.revision;
    const revision = this.#adopt(target, change);
    this.#refused = undefined;
    if (target.files.digest === disk.digest) this.#special.unpin();
    else this.#special.setPin({ revision, atMs: this.#options.nowMs(), disk: disk.digest });
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
        const disk = toFileSet(await this.#options.source.read());
        this.#return(this.#read(trial.previous), disk, change);
        this.#special.endTrial();
      } catch (error) {
        if (!(error instanceof LbError)) throw error;
        this.#special.endTrial();
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

  #planned({ intent, hash, diagnostics }: Loaded, part?: Part): Planned {
    const plan = this.#options.loop.preview(intent, part);
    if (plan !== undefined) return { plan, hash, diagnostics };
    throw new WaitingError('NOT_READY', 'Cannot plan as the first round has not finished yet');
  }

  #require(): InForce {
    if (this.#now !== undefined) return this.#now;
    throw new WaitingError('NOT_READY', 'Cannot answer as no configuration has been accepted yet');
  }

  #last(): RevisionInfo | undefined {
    const revision = this.#now?.revision;
    return revision === undefined ? undefined : this.#options.store.get(revision);
  }

  /** What ran before the restart still holds, unless it too has become invalid. */
  #setLast(number: number): void {
    try {
      this.#set(this.#read(number), number);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.#options.onFault(error, 'the last configuration in force cannot be taken again');
    }
  }

  #read(number: number): Next {
    return this.#reader.read(number, this.#now?.book);
  }

  #setOutcome(revision: number, outcome: RevisionOutcome): void {
    try {
      this.#options.store.setOutcome(revision, outcome);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.#options.onFault(error, 'the history does not say what came of a revision');
    }
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
