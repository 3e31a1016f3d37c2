// Several files, each checked by the schema, become one document whose parts remember their file.
import { Note } from '../lib/note.ts';
import { below, type Origin, type Report } from './report.ts';
import type { IncludedDoc, MainDoc } from './schema/document.ts';
import type { ListenerDoc } from './schema/listener.ts';
import type { PoolDoc } from './schema/pool.ts';
import type { CertificateDoc, VipDoc } from './schema/vip.ts';

export interface Placed<T> {
  readonly doc: T;
  readonly origin: Origin;
}

export const SECTIONS = ['vips', 'listeners', 'pools', 'certificates'] as const;
export type Section = (typeof SECTIONS)[number];

export interface Merged {
  /** The blocks of the node; of the main file only. */
  readonly main: MainDoc;
  readonly mainFile: number;
  readonly vips: readonly Placed<VipDoc>[];
  readonly listeners: readonly Placed<ListenerDoc>[];
  readonly pools: readonly Placed<PoolDoc>[];
  readonly certificates: readonly Placed<CertificateDoc>[];
  /** Names of objects that are written but could not be read, so that references to them are not called unknown. */
  readonly unreadable: Readonly<Record<Section, ReadonlySet<string>>>;
  /** Blocks and lists of which nothing could be read. */
  readonly unreadableBlocks: ReadonlySet<string>;
}

export interface FileDoc {
  readonly file: number;
  readonly role: 'main' | 'included';
  readonly doc: MainDoc | IncludedDoc;
  readonly unreadable: readonly { readonly section: Section; readonly name: string }[];
  /** Keys of the file that were left out whole. */
  readonly unreadableBlocks: readonly string[];
  /** Index in `doc` -> index as written, for the sections some entry of which was left out. */
  readonly indexes: Partial<Readonly<Record<Section, readonly number[]>>>;
}

const NOUN: Readonly<Record<Section, string>> = {
  vips: 'VIP',
  listeners: 'listener',
  pools: 'pool',
  certificates: 'certificate',
};

/** The objects of the file `above` win over others of their names; without it two of one name are an error. */
export function merge(files: readonly FileDoc[], report: Report, above?: number): Merged {
  const main = files.find((file) => file.role === 'main');
  const unreadable = {
    vips: new Set<string>(),
    listeners: new Set<string>(),
    pools: new Set<string>(),
    certificates: new Set<string>(),
  };
  for (const file of files) for (const one of file.unreadable) unreadable[one.section].add(one.name);
  return {
    main: (main?.doc ?? {}) as MainDoc,
    mainFile: main?.file ?? 0,
    vips: collect(files, 'vips', report, above),
    listeners: collect(files, 'listeners', report, above),
    pools: collect(files, 'pools', report, above),
    certificates: collect(files, 'certificates', report, above),
    unreadable,
    unreadableBlocks: new Set(files.flatMap((file) => file.unreadableBlocks)),
  };
}

type DocOf<S extends Section> = NonNullable<IncludedDoc[S]>[number];

type Entry = { readonly name: string };

/** What one file has of a section. */
interface Part {
  readonly file: number;
  readonly indexes: readonly number[] | undefined;
  readonly placed: readonly Placed<Entry>[];
  readonly names: ReadonlySet<string>;
}

/** By the list of the section: it stays the same list while it says the same. */
const PARTS = new Note<readonly Entry[], Part>();
const PLACED = new Note<Entry, Placed<Entry>>();
const NOTHING: readonly Entry[] = [];

function partOf({ file, doc, indexes: all }: FileDoc, section: Section): Part {
  const entries: readonly Entry[] = doc[section] ?? NOTHING;
  const indexes = all[section];
  const known = PARTS.get(entries);
  if (known?.file === file && known.indexes === indexes) return known;
  const placed = entries.map((entry, index) => place(entry, file, section, indexes?.[index] ?? index));
  const part = { file, indexes, placed, names: new Set(entries.map(({ name }) => name)) };
  PARTS.set(entries, part);
  return part;
}

/** The same for as long as it stands where it stood. */
function place(doc: Entry, file: number, section: Section, index: number): Placed<Entry> {
  const known = PLACED.get(doc);
  if (known?.origin.file === file && known.origin.path[0] === section && known.origin.path[1] === index)
    return known;
  const placed = { doc, origin: { file, path: [section, index] } };
  PLACED.set(doc, placed);
  return placed;
}

/** All of them, where no name stands twice: of one file, or of one and what came through the API. */
function together<S extends Section>(
  files: readonly FileDoc[],
  section: S,
): readonly Placed<DocOf<S>>[] | undefined {
  const parts = files.map((file) => partOf(file, section)).filter(({ placed }) => placed.length > 0);
  const [first, second] = parts;
  if (parts.length > 2 || parts.some(({ placed, names }) => names.size < placed.length)) return undefined;
  if (first !== undefined && second?.names.isDisjointFrom(first.names) === false) return undefined;
  const all = second === undefined ? (first?.placed ?? []) : first!.placed.concat(second.placed);
  return all as readonly Placed<DocOf<S>>[];
}

/** In the order of the files; the first of two with one name stays. */
function collect<S extends Section>(
  files: readonly FileDoc[],
  section: S,
  report: Report,
  above: number | undefined,
): readonly Placed<DocOf<S>>[] {
  const all = together(files, section);
  if (all !== undefined) return all;
  const out: Placed<DocOf<S>>[] = [];
  const winners = files.find(({ file }) => file === above)?.doc[section] ?? [];
  const shadowed = new Set(winners.map(({ name }) => name));
  const byName = new Map<string, Origin>();
  for (const { file, doc, indexes } of files) {
    const entries = (doc[section] ?? []) as readonly DocOf<S>[];
    entries.forEach((entry, index) => {
      if (file !== above && shadowed.has(entry.name)) return;
      const origin: Origin = { file, path: [section, indexes[section]?.[index] ?? index] };
      const first = byName.get(entry.name);
      if (first !== undefined) {
        report.add(
          'duplicate-name',
          below(origin, 'name'),
          `Two ${NOUN[section]}s are called "${entry.name}"`,
          {
            other: below(first, 'name'),
          },
        );
        return;
      }
      byName.set(entry.name, origin);
      out.push({ doc: entry, origin });
    });
  }
  return out;
}
