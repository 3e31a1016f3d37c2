// What came through the API, through the schema: each object once, as it stays the same object until somebody writes it.
import { Note } from '../lib/note.ts';
import type { FileDoc } from './merge.ts';
import { SECTIONS, type Section } from './merge.ts';
import { readFile } from './read-file.ts';
import type { Report } from './report.ts';
import { isBlock } from './schema/block.ts';
import { type IncludedDoc, includedSchema } from './schema/document.ts';
import { runSchema } from './schema/run.ts';

type Entry = object;

/** By the object as it was written: what the schema made of it. Only of those that it has nothing to say about. */
const GOOD: Readonly<Record<Section, Note<Entry, unknown>>> = {
  vips: new Note(),
  listeners: new Note(),
  pools: new Note(),
  certificates: new Note(),
};

/** Equal to readFile of the whole; where one object is wrong it is readFile of the whole that says so. */
export function readApi(
  file: number,
  value: Readonly<Record<Section, readonly unknown[]>>,
  report: Report,
): FileDoc {
  const doc: Record<string, unknown> = {};
  for (const section of SECTIONS) {
    const entries: unknown[] = [];
    for (const entry of value[section]) {
      const good = isBlock(entry) ? readEntry(section, entry) : undefined;
      if (good === undefined) return readFile(file, 'included', value, report);
      entries.push(good);
    }
    doc[section] = entries;
  }
  return {
    file,
    role: 'included',
    doc: doc as IncludedDoc,
    unreadable: [],
    unreadableBlocks: [],
    indexes: {},
  };
}

function readEntry(section: Section, entry: Entry): unknown {
  const known = GOOD[section].get(entry);
  if (known !== undefined) return known;
  const read = runSchema<IncludedDoc>(includedSchema, { [section]: [entry] });
  if (!read.ok) return undefined;
  const good = read.value[section]![0]!;
  GOOD[section].set(entry, good);
  return good;
}
