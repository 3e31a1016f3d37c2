// Plain values to the rewriting tree and back.
import { type MapTree, type Origin, ROOT, type Tree } from './tree.ts';

export function fromValue(value: unknown, origin: Origin = ROOT): Tree {
  if (Array.isArray(value)) {
    return { kind: 'list', origin, items: value.map((item, step) => fromValue(item, { up: origin, step })) };
  }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', value, origin };
  const map: MapTree = { kind: 'map', origin, entries: [] };
  for (const [key, inner] of Object.entries(value)) {
    const at: Origin = { up: origin, step: key };
    map.entries.push({ key, origin: at, value: fromValue(inner, at) });
  }
  return map;
}

export function toValue(tree: Tree): unknown {
  if (tree.kind === 'scalar') return tree.value;
  if (tree.kind === 'list') return tree.items.map(toValue);
  const value: Record<string, unknown> = {};
  for (const entry of tree.entries) define(value, entry.key, toValue(entry.value));
  return value;
}

/** Assigning `__proto__` would set the prototype instead of making a key. */
function define(value: Record<string, unknown>, key: string, inner: unknown): void {
  if (key !== '__proto__') value[key] = inner;
  else
    Object.defineProperty(value, key, { value: inner, enumerable: true, configurable: true, writable: true });
}
