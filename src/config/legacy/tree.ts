// The tree that rewriting rules work on: ordered maps whose every part remembers where it was written.
// One shape for plain values and for YAML documents, so that loading and `lbctl fmt` share the same rules.
import type { Path } from '../source.ts';

/** A path as a chain, so that a big file does not hold one array for every node. */
export interface Origin {
  readonly up?: Origin;
  readonly step: string | number;
}

export interface ScalarTree {
  readonly kind: 'scalar';
  value: unknown;
  readonly origin: Origin;
  /** What the tree was made from; only who made it looks at it. */
  readonly ref?: unknown;
}

export interface ListTree {
  readonly kind: 'list';
  items: Tree[];
  readonly origin: Origin;
  readonly ref?: unknown;
}

export interface MapTree {
  readonly kind: 'map';
  entries: Entry[];
  readonly origin: Origin;
  readonly ref?: unknown;
}

export interface Entry {
  key: string;
  value: Tree;
  readonly origin: Origin;
  readonly ref?: unknown;
}

export type Tree = ScalarTree | ListTree | MapTree;

export const ROOT: Origin = { step: '' };

export function toPath(origin: Origin): Path {
  const steps: (string | number)[] = [];
  for (let at: Origin = origin; at.up !== undefined; at = at.up) steps.push(at.step);
  return steps.reverse();
}

export function entryOf(map: MapTree, key: string): Entry | undefined {
  return map.entries.find((entry) => entry.key === key);
}

export function has(map: MapTree, key: string): boolean {
  return entryOf(map, key) !== undefined;
}

export function mapAt(map: MapTree, key: string): MapTree | undefined {
  const value = entryOf(map, key)?.value;
  return value?.kind === 'map' ? value : undefined;
}

/** The plain value of a scalar; undefined where the key is absent or holds a map or list. */
export function scalarAt(map: MapTree, key: string): unknown {
  const value = entryOf(map, key)?.value;
  return value?.kind === 'scalar' ? value.value : undefined;
}

/** Takes an entry out and hands it over, so that it can be put elsewhere with its comments. */
export function take(map: MapTree, key: string): Entry | undefined {
  const index = map.entries.findIndex((entry) => entry.key === key);
  return index === -1 ? undefined : map.entries.splice(index, 1)[0];
}

/** Puts an entry where another stood, or at the end. */
export function put(map: MapTree, entry: Entry, index = map.entries.length): void {
  map.entries.splice(index, 0, entry);
}

/** The map under a key, made at `index` (or the end) if absent; undefined where something else stands there. */
export function mapInto(
  map: MapTree,
  key: string,
  origin: Origin,
  index = map.entries.length,
): MapTree | undefined {
  const found = entryOf(map, key);
  if (found !== undefined) return found.value.kind === 'map' ? found.value : undefined;
  const made = newMap(origin);
  put(map, newEntry(key, made, origin), index);
  return made;
}

/** Like `mapInto`, for a list. */
export function listInto(
  map: MapTree,
  key: string,
  origin: Origin,
  index = map.entries.length,
): ListTree | undefined {
  const found = entryOf(map, key);
  if (found !== undefined) return found.value.kind === 'list' ? found.value : undefined;
  const made: ListTree = { kind: 'list', items: [], origin };
  put(map, newEntry(key, made, origin), index);
  return made;
}

export function newMap(origin: Origin, entries: Entry[] = []): MapTree {
  return { kind: 'map', entries, origin };
}

export function newScalar(value: unknown, origin: Origin): ScalarTree {
  return { kind: 'scalar', value, origin };
}

export function newEntry(key: string, value: Tree, origin: Origin): Entry {
  return { key, value, origin };
}
