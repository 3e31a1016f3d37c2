// The configuration as doors see it: objects of files and of the API, the revisions they made, and how to change them.
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Plan } from '../model/plan.ts';

export const OBJECT_KINDS = ['vip', 'pool', 'listener', 'certificate'] as const;
export type ObjectKind = (typeof OBJECT_KINDS)[number];

/** An object as it is written: the keys of the configuration language, and no defaults. */
export type Spec = Readonly<Record<string, unknown>>;

export interface StoredFile {
  readonly file: string;
  readonly role: 'main' | 'included';
  readonly text: string;
}

export interface StoredObject {
  readonly kind: ObjectKind;
  readonly name: string;
  readonly spec: Spec;
  readonly author: string;
  readonly atMs: number;
}

export interface ObjectEdit {
  readonly kind: ObjectKind;
  readonly name: string;
  /** Undefined takes it away. */
  readonly spec: Spec | undefined;
}

export const REVISION_STATES = ['pending', 'applied', 'failed', 'held', 'replaced'] as const;
export type RevisionState = (typeof REVISION_STATES)[number];

/** What came of a revision; `replaced` by a newer one before its own round had ended. */
export interface RevisionOutcome {
  readonly state: RevisionState;
  /** Steps of its plan by verb; absent until it was planned. */
  readonly plan?: Readonly<Record<'add' | 'change' | 'remove' | 'adopt', number>>;
  readonly applied?: number;
  readonly failed?: number;
  readonly held?: number;
  /** The first failures, joined. */
  readonly message?: string;
}

export interface RevisionInfo {
  readonly number: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
  /** Of the Intent. */
  readonly hash: string;
  readonly outcome: RevisionOutcome;
}

export interface RevisionContent {
  readonly info: RevisionInfo;
  readonly files: readonly StoredFile[];
  readonly objects: readonly StoredObject[];
}

export interface NewRevision extends Omit<RevisionInfo, 'number'> {
  readonly files: readonly StoredFile[];
  /** Of the API objects, against the revision before. */
  readonly edits: readonly ObjectEdit[];
}

export interface SnapshotInfo {
  readonly name: string;
  readonly revision: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
}

/** Where revisions are kept. A write that does not work throws OpError STATE_UNWRITABLE and changes nothing. */
export interface RevisionStore {
  add(revision: NewRevision): number;
  setOutcome(number: number, outcome: RevisionOutcome): void;
  get(number: number): RevisionInfo | undefined;
  last(): RevisionInfo | undefined;
  /** Newest first. */
  list(limit: number, before?: number): readonly RevisionInfo[];
  count(): number;
  content(number: number): RevisionContent | undefined;
  objects(): readonly StoredObject[];
  snapshots(): readonly SnapshotInfo[];
  addSnapshot(snapshot: SnapshotInfo): boolean;
  removeSnapshot(name: string): boolean;
}

/** Who changes the configuration, and why; both stand in the history. */
export interface Change {
  readonly author: string;
  readonly reason: string;
  /** Apply what guards would hold, too. */
  readonly force?: boolean;
  /** Undone by itself after this long unless somebody confirms it. */
  readonly confirmWithinMs?: number;
}

/** What of the running configuration is not simply "the files on disk". */
export interface Running {
  /** Undefined before the first one was accepted. */
  readonly revision?: number;
  /** Files of an older revision are in force instead of those on disk, since this revision, until the disk differs. */
  readonly pinned?: { readonly revision: number; readonly atMs: number };
  /** Undone at `untilMs` unless confirmed. */
  readonly trial?: { readonly revision: number; readonly previous: number; readonly untilMs: number };
}

export interface ReloadResult {
  readonly ok: boolean;
  readonly hash?: string;
  readonly revision?: number;
  readonly diagnostics: readonly Diagnostic[];
}

export interface ReloadChange extends Change {
  /** Take the files on disk even where a rollback put others in force and they have not changed since. */
  readonly unpin?: boolean;
}

export interface Planned {
  readonly plan: Plan;
  readonly hash: string;
  readonly diagnostics: readonly Diagnostic[];
}

export interface Restored {
  readonly revision: number;
  readonly diagnostics: readonly Diagnostic[];
}
