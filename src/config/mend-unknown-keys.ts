// Reads on behind unknown keys: each counts as the key it was probably meant to be, or as not there, so that what else is
// wrong with the same object is told in the same run.
import { isBlock } from './schema/block.ts';
import type { SchemaFault } from './schema/run.ts';
import type { Path } from './source.ts';

/** A copy where keys had to be mended; the faults themselves are told all the same. */
export function mendUnknownKeys(
  value: Record<string, unknown>,
  faults: readonly SchemaFault[],
): Record<string, unknown> {
  const unknown = faults.filter((fault) => fault.rule === 'unknown-key');
  if (unknown.length === 0) return value;
  const copies = new Map<object, object>();
  const root = copyOf(value, copies);
  // The deepest first: a key may stand inside a block whose own key is unknown too.
  for (const { path, near } of [...unknown].sort((a, b) => b.path.length - a.path.length)) {
    const parent = copiedParent(root, path, copies);
    const key = String(path.at(-1));
    if (!isBlock(parent) || !Object.hasOwn(parent, key)) continue;
    if (near !== undefined && !Object.hasOwn(parent, near)) parent[near] = parent[key];
    delete parent[key];
  }
  return root;
}

/** Copies each block and list on the way once; aliases of YAML share them, and so do their copies. */
function copiedParent(root: Record<string, unknown>, path: Path, copies: Map<object, object>): unknown {
  let parent: unknown = root;
  for (const step of path.slice(0, -1)) {
    if (typeof parent !== 'object' || parent === null) return undefined;
    const holder = parent as Record<string | number, unknown>;
    const inner = holder[step];
    if (typeof inner !== 'object' || inner === null) return undefined;
    holder[step] = copyOf(inner, copies);
    parent = holder[step];
  }
  return parent;
}

function copyOf<T extends object>(value: T, copies: Map<object, object>): T {
  // What is a copy already stays.
  if (copies.get(value) === value) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as T;
  copies.set(value, copy);
  copies.set(copy, copy);
  return copy;
}
