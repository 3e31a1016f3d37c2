// The configuration as doors see it: objects of files and of the API, the revisions they made, and how to change them.
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Plan } from '../model/plan.ts';
import type { Usage } from '../model/project.ts';
import type { RunningConfig } from '../model/status.ts';

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

/** Tells of what is not shown whether it is the same in two revisions; for as long as the daemon runs. */
interface Mark {
  readonly hidden?: string;
}

export interface ShownContent extends RevisionContent {
  readonly files: readonly (StoredFile & Mark)[];
  readonly objects: readonly (StoredObject & Mark)[];
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
  /** Called when its turn has come, before anything is changed; throws where it is not wanted any more. */
  readonly begin?: () => void;
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

/** What would come of a configuration that is not in force. */
export interface Planned {
  readonly plan: Plan;
  readonly hash: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** Where an object stands that the running configuration has. */
export type ObjectSource =
  | { readonly kind: 'api'; readonly author: string; readonly atMs: number }
  /** `shadowed`: an API object of the same name stands above it. */
  | { readonly kind: 'file'; readonly file: string; readonly line: number }
  /** Made by the listener of this name: a pool it holds, an address it names. */
  | { readonly kind: 'listener'; readonly listener: string };

export interface ConfigObject {
  readonly kind: ObjectKind;
  readonly name: string;
  /** As it is written, secrets hidden; absent for what a listener makes. */
  readonly spec?: Spec;
  readonly source: ObjectSource;
  /** Absent for what belongs to the node itself. */
  readonly project?: string;
  /** Of the configuration of the object alone: changes when that does, and at no other time. */
  readonly tag: string;
}

/** What a write sees when its turn comes: every write before it is in it. */
export interface ObjectView {
  get(kind: ObjectKind, name: string): ConfigObject | undefined;
  /** As stored, secrets and all. */
  raw(kind: ObjectKind, name: string): Spec | undefined;
  /** Whether a file has an object of this name, beneath one of the API or not. */
  isInFile(kind: ObjectKind, name: string): boolean;
  /** Objects whose spec names this one. */
  usersOf(kind: ObjectKind, name: string): readonly { readonly kind: ObjectKind; readonly name: string }[];
}

export interface WriteRequest extends Change {
  /** Only objects of this project are there for the write, and what it writes becomes the project's. */
  readonly project?: string;
  /** Called when its turn comes; throws what keeps the write from being made. */
  readonly edit: (view: ObjectView) => readonly ObjectEdit[];
}

/** The configuration of the daemon: what doors read of it, and every way to change it. */
export interface ConfigPort {
  running(): RunningConfig;
  objects(kind: ObjectKind): readonly ConfigObject[];
  object(kind: ObjectKind, name: string): ConfigObject | undefined;
  /** What each project has. */
  usage(): ReadonlyMap<string, Usage>;
  /** Resolves when it is stored and will be applied; gives the revision it became part of. Throws CONFIG_INVALID with diagnostics. */
  write(request: WriteRequest): Promise<{ readonly revision: number }>;
  /** What the write would do, and nothing else. */
  planWrite(request: WriteRequest): Planned;
  reload(change: ReloadChange): Promise<ReloadResult>;
  /** What a reload would do. */
  planReload(): Promise<Planned>;

  /** Newest first. */
  revisions(limit: number, before?: number): readonly RevisionInfo[];
  revisionCount(): number;
  /** Plain secrets are hidden. */
  revision(number: number): ShownContent | undefined;
  planRollback(number: number): Planned;
  /** The content of an older revision as a new one. Throws GUARD_HELD where guards hold its plan and it is not forced. */
  rollback(number: number, change: Change): Promise<{ readonly revision: number }>;
  snapshots(): readonly SnapshotInfo[];
  /** Of the running revision, or of the one named. */
  addSnapshot(name: string, change: Change, revision?: number): SnapshotInfo;
  removeSnapshot(name: string): void;
  /** Keeps what is on trial; false where nothing is. */
  confirmTrial(): boolean;
}
