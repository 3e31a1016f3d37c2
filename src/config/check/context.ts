// What every check gets: the Intent, where its objects stand, and who uses whom.
import { Note } from '../../lib/note.ts';
import type { Intent } from '../../model/intent.ts';
import type { Listener } from '../../model/listener.ts';
import type { Pool } from '../../model/pool.ts';
import { originOf } from '../decode/origins.ts';
import type { Merged } from '../merge.ts';
import { below, type Origin, type Report } from '../report.ts';
import { isBlock } from '../schema/block.ts';
import type { ListenerDoc } from '../schema/listener.ts';
import type { Path } from '../source.ts';
import { KnownGood } from './known-good.ts';

export interface CheckContext {
  readonly intent: Intent;
  readonly merged: Merged;
  readonly report: Report;
  /** Where a part of a Vip, Listener, Pool or Certificate stands. */
  at(object: object, ...path: Path): Origin;
  /** Where a part of a block of the main file stands: `main('ha', 'groups', 0)`. */
  main(...path: Path): Origin;
  /** Listeners that send to a pool, by its name; rules count too. */
  readonly usersOf: ReadonlyMap<string, readonly Listener[]>;
  /** Listeners as written, by name: for questions of which key was used. */
  readonly docs: Pick<ReadonlyMap<string, ListenerDoc>, 'get'>;
  /** Those of whom something may have to be said; checks of one object by itself go through these alone. */
  readonly open: KnownGood;
  /** Whether a block stands there in the canonical form; for spellings that the schema makes alike. */
  isBlockAt(origin: Origin): boolean;
}

export type Check = (context: CheckContext) => void;

export function makeContext(
  merged: Merged,
  intent: Intent,
  report: Report,
  values: readonly unknown[],
): CheckContext {
  const root: Origin = { file: merged.mainFile, path: [] };
  const users = usersOf(intent);
  return {
    intent,
    merged,
    report,
    at: (object, ...path) => below(originOf(object) ?? root, ...ownSpelling(object, path)),
    main: (...path) => below(root, ...path),
    usersOf: users,
    open: new KnownGood(merged, intent, users, report),
    docs: new ListenerDocs(merged),
    isBlockAt: (origin) => isBlock(valueAt(values[origin.file], origin.path)),
  };
}

/** Few loads ask for one: the table is made then. */
class ListenerDocs {
  readonly #merged: Merged;
  #docs: ReadonlyMap<string, ListenerDoc> | undefined;

  constructor(merged: Merged) {
    this.#merged = merged;
  }

  get(name: string): ListenerDoc | undefined {
    this.#docs ??= new Map(this.#merged.listeners.map(({ doc }) => [doc.name, doc]));
    return this.#docs.get(name);
  }
}

/** TLS towards members is `tls` in a pool and `pool_tls` in a listener that holds its members. */
function ownSpelling(object: object, path: Path): Path {
  const owned = 'members' in object && originOf(object)?.path[0] === 'listeners';
  return owned && path[0] === 'tls' ? ['pool_tls', ...path.slice(1)] : path;
}

function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string | number, unknown>)[step];
  }
  return value;
}

/** By the table of listeners, which stays the same one while it holds the same. */
const USERS = new Note<Intent['listeners'], ReadonlyMap<string, readonly Listener[]>>();

function usersOf({ listeners }: Intent): ReadonlyMap<string, readonly Listener[]> {
  const known = USERS.get(listeners);
  if (known !== undefined) return known;
  const users = new Map<string, Listener[]>();
  const add = (pool: string, listener: Listener) => {
    const known = users.get(pool);
    if (known === undefined) users.set(pool, [listener]);
    else if (known.at(-1) !== listener) known.push(listener);
  };
  for (const listener of listeners.values()) {
    add(listener.pool, listener);
    for (const rule of listener.http?.rules ?? [])
      if (rule.action.kind === 'pool') add(rule.action.pool, listener);
  }
  USERS.set(listeners, users);
  return users;
}

/** Whether a pool is one that a listener holds in itself. */
export function isOwned(context: CheckContext, pool: Pool): boolean {
  return context.at(pool).path[0] === 'listeners';
}
