// The objects of the API by kind and name, and how they stand among those of files. A value: changes make another book.
import type { LoadResult } from '../../../config/load.ts';
import type { Section } from '../../../config/merge.ts';
import {
  OBJECT_KINDS,
  type ObjectEdit,
  type ObjectKind,
  type Spec,
  type StoredObject,
} from '../../../engine/config-port.ts';
import { stableJson } from '../../../lib/stable-json.ts';

export const SECTION_OF: Readonly<Record<ObjectKind, Section>> = {
  vip: 'vips',
  pool: 'pools',
  listener: 'listeners',
  certificate: 'certificates',
};

export type WrittenObject = LoadResult['written'][number];
type Shelf<T> = ReadonlyMap<ObjectKind, ReadonlyMap<string, T>>;

/** What it writes is in its book at once; nobody writes to it when the book is handed on. */
export interface BookDraft {
  readonly book: ObjectBook;
  write(edits: readonly ObjectEdit[], author: string, atMs: number): void;
}

export class ObjectBook {
  readonly #shelves: Shelf<StoredObject>;

  private constructor(shelves: Shelf<StoredObject>) {
    this.#shelves = shelves;
  }

  static of(objects: Iterable<StoredObject>): ObjectBook {
    return new ObjectBook(shelve(objects, (one) => one.kind));
  }

  get(kind: ObjectKind, name: string): StoredObject | undefined {
    return this.#shelves.get(kind)!.get(name);
  }

  *all(): Generator<StoredObject> {
    for (const shelf of this.#shelves.values()) yield* shelf.values();
  }

  /** Another book that begins as this one and may be written to. */
  draft(): BookDraft {
    const shelves = new Map(this.#shelves);
    const book = new ObjectBook(shelves);
    const own = new Map<ObjectKind, Map<string, StoredObject>>();
    return {
      book,
      write(edits, author, atMs) {
        for (const { kind, name, spec } of edits) {
          // Only the kinds that are touched are copied, and once however many writes come together.
          const shelf = own.get(kind) ?? new Map(shelves.get(kind));
          own.set(kind, shelf);
          shelves.set(kind, shelf);
          if (spec === undefined) shelf.delete(name);
          else shelf.set(name, { kind, name, spec, author, atMs });
        }
      },
    };
  }

  /** What leads from this book to the other. */
  editsTo(other: ObjectBook): readonly ObjectEdit[] {
    const edits: ObjectEdit[] = [];
    for (const { kind, name } of this.all())
      if (other.get(kind, name) === undefined) edits.push({ kind, name, spec: undefined });
    for (const { kind, name, spec } of other.all()) {
      const mine = this.get(kind, name)?.spec;
      if (mine === undefined || stableJson(mine) !== stableJson(spec)) edits.push({ kind, name, spec });
    }
    return edits;
  }
}

export function shelve<T extends { readonly name: string }>(
  objects: Iterable<T>,
  kindOf: (object: T) => ObjectKind,
): Shelf<T> {
  const shelves = new Map(OBJECT_KINDS.map((kind) => [kind, new Map<string, T>()]));
  for (const one of objects) shelves.get(kindOf(one))!.set(one.name, one);
  return shelves;
}

export function kindOfSection(section: Section): ObjectKind {
  return OBJECT_KINDS.find((kind) => SECTION_OF[kind] === section)!;
}

/** `pool/web`, `vip/www`: what a spec names. An address among the VIPs is named too, and is no object. */
export function referencesOf(kind: ObjectKind, spec: Spec): readonly string[] {
  const out: string[] = [];
  const add = (wanted: ObjectKind, name: unknown): void => {
    if (typeof name === 'string') out.push(`${wanted}/${name}`);
  };
  if (kind === 'listener') {
    for (const vip of [spec.vip, ...listOf(spec.vips)]) add('vip', vip);
    add('pool', spec.pool);
    for (const one of listOf(blockOf(spec.tls).certificates)) add('certificate', one);
    add('certificate', blockOf(spec.pool_tls).certificate);
    for (const rule of listOf(blockOf(spec.http).rules)) add('pool', blockOf(blockOf(rule).action).pool);
  }
  if (kind === 'pool') add('certificate', blockOf(spec.tls).certificate);
  return out;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function blockOf(value: unknown): Spec {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Spec) : {};
}
