// Which objects the running configuration has, who wrote each, and who names whom: what doors see, secrets hidden.

import { hash } from 'node:crypto';
import type {
  ConfigObject,
  ObjectKind,
  ObjectSource,
  ObjectView,
  Spec,
} from '../../../engine/config-port.ts';
import { hideSpec } from '../../../engine/hide-spec.ts';
import { canonicalIp, isIp } from '../../../lib/ip.ts';
import { Note } from '../../../lib/note.ts';
import { stableJson } from '../../../lib/stable-json.ts';
import type { Intent } from '../../../model/intent.ts';
import type { FileSet } from './config-source.ts';
import {
  kindOfSection,
  type ObjectBook,
  referencesOf,
  SECTION_OF,
  shelve,
  type WrittenObject,
} from './object-book.ts';

const TAGS = new Note<Spec, string>();
const HIDDEN = new Note<Spec, Spec>();

/** Equal for equal specs, secrets and all. */
export function tagOf(spec: Spec): string {
  let tag = TAGS.get(spec);
  if (tag === undefined) {
    tag = hash('sha256', stableJson(spec), 'base64url').slice(0, 16);
    TAGS.set(spec, tag);
  }
  return tag;
}

function hiddenOf(spec: Spec): Spec {
  let hidden = HIDDEN.get(spec);
  if (hidden === undefined) {
    hidden = hideSpec(spec);
    HIDDEN.set(spec, hidden);
  }
  return hidden;
}

/** What stands in files; the same for as long as the files are. */
export class FileObjects {
  readonly #shelves: ReadonlyMap<ObjectKind, ReadonlyMap<string, WrittenObject>>;
  readonly #files: FileSet;

  constructor(files: FileSet, written: readonly WrittenObject[]) {
    this.#files = files;
    this.#shelves = shelve(written, (one) => kindOfSection(one.section));
  }

  get(kind: ObjectKind, name: string): WrittenObject | undefined {
    return this.#shelves.get(kind)!.get(name);
  }

  *all(): Generator<WrittenObject> {
    for (const shelf of this.#shelves.values()) yield* shelf.values();
  }

  placeOf({ file, section, index }: WrittenObject): ObjectSource {
    const found = this.#files.parsed[file];
    const place = found?.locate([section, index], 'value');
    return { kind: 'file', file: place?.file ?? found?.source.file ?? '', line: place?.line ?? 0 };
  }
}

/** By the object as it is kept: it is shown the same as long as it is that. */
const SHOWN = new Note<object, ConfigObject>();

function shown(
  kind: ObjectKind,
  one: { readonly name: string; readonly spec: Spec },
  source: () => ObjectSource,
): ConfigObject {
  let object = SHOWN.get(one);
  if (object === undefined) {
    const { name, spec } = one;
    object = {
      kind,
      name,
      spec: hiddenOf(spec),
      tag: tagOf(spec),
      source: source(),
      ...projectOf(spec),
    };
    SHOWN.set(one, object);
  }
  return object;
}

export class Catalogue implements ObjectView {
  readonly #book: ObjectBook;
  readonly #files: FileObjects;
  /** Without it nothing is known of what listeners make. */
  readonly #intent: Intent | undefined;
  #makers: ReadonlyMap<string, string> | undefined;
  #users: Map<string, { kind: ObjectKind; name: string }[]> | undefined;

  constructor(book: ObjectBook, files: FileObjects, intent: Intent | undefined) {
    this.#book = book;
    this.#files = files;
    this.#intent = intent;
  }

  get(kind: ObjectKind, name: string): ConfigObject | undefined {
    const mine = this.#book.get(kind, name);
    if (mine !== undefined) {
      const { author, atMs } = mine;
      return shown(kind, mine, () => ({ kind: 'api', author, atMs }));
    }
    const written = this.#files.get(kind, name);
    if (written !== undefined) return shown(kind, written, () => this.#files.placeOf(written));
    return this.#made(kind, name);
  }

  raw(kind: ObjectKind, name: string): Spec | undefined {
    return (this.#book.get(kind, name) ?? this.#files.get(kind, name))?.spec;
  }

  isInFile(kind: ObjectKind, name: string): boolean {
    return this.#files.get(kind, name) !== undefined;
  }

  usersOf(kind: ObjectKind, name: string): readonly { kind: ObjectKind; name: string }[] {
    this.#users ??= this.#findUsers();
    return this.#users.get(`${kind}/${name}`) ?? [];
  }

  list(kind: ObjectKind): readonly ConfigObject[] {
    const names = this.#intent?.[SECTION_OF[kind]].keys() ?? [];
    return [...names].flatMap((name) => this.get(kind, name) ?? []);
  }

  /** A pool that a listener holds, or a VIP that it names by address. */
  #made(kind: ObjectKind, name: string): ConfigObject | undefined {
    const intent = this.#intent;
    if (intent === undefined || !intent[SECTION_OF[kind]].has(name)) return undefined;
    this.#makers ??= makersOf(intent);
    const listener = kind === 'vip' ? (this.#makers.get(name) ?? '') : name;
    const spec = this.raw('listener', listener);
    return {
      kind,
      name,
      source: { kind: 'listener', listener },
      tag: spec === undefined ? '' : tagOf(spec),
      ...projectOf(spec),
    };
  }

  #findUsers(): Map<string, { kind: ObjectKind; name: string }[]> {
    const users = new Map<string, { kind: ObjectKind; name: string }[]>();
    const read = (kind: ObjectKind, name: string, spec: Spec): void => {
      for (const reference of new Set(referencesOf(kind, spec).map(canonical))) {
        const known = users.get(reference);
        if (known === undefined) users.set(reference, [{ kind, name }]);
        else known.push({ kind, name });
      }
    };
    for (const { kind, name, spec } of this.#book.all()) read(kind, name, spec);
    for (const { section, name, spec } of this.#files.all()) {
      const kind = kindOfSection(section);
      if (this.#book.get(kind, name) === undefined) read(kind, name, spec);
    }
    return users;
  }
}

function projectOf(spec: Spec | undefined): { project?: string } {
  return typeof spec?.project === 'string' ? { project: spec.project } : {};
}

/** VIPs by name, with the first listener on each. */
function makersOf({ listeners }: Intent): ReadonlyMap<string, string> {
  const makers = new Map<string, string>();
  for (const { name, vips } of listeners.values())
    for (const vip of vips) if (!makers.has(vip)) makers.set(vip, name);
  return makers;
}

/** `vip/2001:DB8::1` is the VIP `2001:db8::1`. */
function canonical(reference: string): string {
  if (!reference.startsWith('vip/')) return reference;
  const address = reference.slice('vip/'.length);
  return isIp(address) ? `vip/${canonicalIp(address)}` : reference;
}
