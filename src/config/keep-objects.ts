// A file read again: its objects that say what they said before stay the same objects, so that nothing is made of them twice.
import { type FileDoc, SECTIONS } from './merge.ts';

export function keepObjects(read: FileDoc, before: FileDoc): FileDoc {
  const kept: Record<string, readonly unknown[]> = {};
  for (const section of SECTIONS) {
    const entries = read.doc[section];
    if (entries === undefined) continue;
    const then = before.doc[section] ?? [];
    let known: Map<string, (typeof entries)[number]> | undefined;
    const now = entries.map((entry, at) => {
      const there = then[at];
      if (entry === there) {
        known?.delete(entry.name);
        return entry;
      }
      // Most stay at their place: the table is for those that moved.
      if (known === undefined && entry.name === there?.name) return saysSame(entry, there) ? there : entry;
      if (known === undefined) {
        known = new Map(then.map((one) => [one.name, one]));
        for (const { name } of entries.slice(0, at)) known.delete(name);
      }
      const old = known.get(entry.name);
      if (old === undefined || !saysSame(entry, old)) return entry;
      // Two of one name are two objects, which is a fault to be told.
      known.delete(entry.name);
      return old;
    });
    const isSame = now.length === then.length && now.every((entry, at) => entry === then[at]);
    kept[section] = isSame ? then : now;
  }
  return { ...read, doc: { ...read.doc, ...kept } };
}

/** Of plain data; an instance of a class is only the same as itself. */
function saysSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const shape = Object.getPrototypeOf(a);
  if (shape !== Object.getPrototypeOf(b)) return false;
  if (Array.isArray(a))
    return a.length === (b as unknown[]).length && a.every((item, i) => saysSame(item, (b as unknown[])[i]));
  if (shape !== Object.prototype && shape !== null) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every(
      (key) =>
        Object.hasOwn(b, key) &&
        saysSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
    )
  );
}
