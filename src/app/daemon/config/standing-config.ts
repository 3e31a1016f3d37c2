// The configuration that stands: another one takes its place by being stored as a revision, and what comes of it is written there.
import type { Change, RevisionInfo, RevisionOutcome, RevisionStore } from '../../../engine/config-port.ts';
import type { RoundReport } from '../../../engine/ports.ts';
import { LbError, WaitingError } from '../../../model/errors.ts';
import type { ConfigSource } from './config-source.ts';
import { type InForce, putInForce } from './in-force.ts';
import { Outcomes } from './outcomes.ts';
import { type Next, RevisionReader } from './revision-reader.ts';

export interface StandingOptions {
  readonly source: ConfigSource;
  readonly store: RevisionStore;
  readonly nowMs: () => number;
  /** What could not be written; whatever serves goes on. */
  readonly onFault: (error: LbError, what: string) => void;
}

export class StandingConfig {
  readonly #options: StandingOptions;
  readonly #outcomes: Outcomes;
  readonly #reader: RevisionReader;
  #now: InForce | undefined;

  constructor(options: StandingOptions) {
    this.#options = options;
    this.#reader = new RevisionReader(options.store, options.source);
    this.#outcomes = new Outcomes((revision, outcome) => this.#setOutcome(revision, outcome));
  }

  get now(): InForce | undefined {
    return this.#now;
  }

  require(): InForce {
    if (this.#now !== undefined) return this.#now;
    throw new WaitingError('NOT_READY', 'Cannot answer as no configuration has been accepted yet');
  }

  get revision(): number | undefined {
    return this.#now?.revision;
  }

  /** As the history has it. */
  last(): RevisionInfo | undefined {
    const { revision } = this;
    return revision === undefined ? undefined : this.#options.store.get(revision);
  }

  /** Throws where it is forgotten, or not valid any more. */
  read(number: number): Next {
    return this.#reader.read(number, this.#now?.book);
  }

  /** Files of a revision; undefined where it is forgotten. */
  filesOf(number: number): Next['files'] | undefined {
    return this.#reader.filesOf(number);
  }

  adopt(next: Next, { author, reason }: Change): number {
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

  /** What was found on disk: a revision only where it differs from the last one. The history may fail, the files must not. */
  adoptAsFound(
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
    // On trial means that it can be undone after a crash: without the history it cannot.
    if (change.confirmWithinMs !== undefined) return { revision: this.adopt(next, change), ...previous };
    const revision = this.adoptAnyway(next, change);
    return { ...(revision === undefined ? {} : { revision }), ...previous };
  }

  /** Undefined where the history could not take it: that is told, and it is in force. */
  adoptAnyway(next: Next, change: Change): number | undefined {
    try {
      return this.adopt(next, change);
    } catch (error) {
      if (!(error instanceof LbError) || error.code !== 'STATE_UNWRITABLE') throw error;
      this.#options.onFault(error, 'a configuration is in force that the history does not have');
      this.#set(next, undefined);
      return undefined;
    }
  }

  /** What ran before the restart still holds, unless it too has become invalid. */
  takeAgain(number: number): void {
    try {
      this.#set(this.read(number), number);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.#options.onFault(error, 'the last configuration in force cannot be taken again');
    }
  }

  onRound(report: RoundReport): void {
    this.#outcomes.hear(report);
  }

  #set(next: Omit<Next, 'edits'>, revision: number | undefined): void {
    this.#now = putInForce(next, revision, this.#now);
  }

  #setOutcome(revision: number, outcome: RevisionOutcome): void {
    try {
      this.#options.store.setOutcome(revision, outcome);
    } catch (error) {
      if (!(error instanceof LbError)) throw error;
      this.#options.onFault(error, 'the history does not say what came of a revision');
    }
  }
}
