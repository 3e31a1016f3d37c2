// One file through the schema. Where a part is wrong the rest is kept, so that its faults are told in the same run.
import { mendUnknownKeys } from './mend-unknown-keys.ts';
import type { FileDoc, Section } from './merge.ts';
import { SECTIONS } from './merge.ts';
import type { Report } from './report.ts';
import { isBlock } from './schema/block.ts';
import { type IncludedDoc, includedSchema, type MainDoc, mainSchema } from './schema/document.ts';
import { runSchema, type SchemaFault } from './schema/run.ts';
import type { Path } from './source.ts';

export function readFile(
  file: number,
  role: 'main' | 'included',
  value: unknown,
  report: Report,
  /** Parts that could not be expanded, and are reported as such: what else is wrong with them is no news. */
  unexpanded: readonly Path[] = [],
): FileDoc {
  const empty: FileDoc = { file, role, doc: {}, unreadable: [], unreadableBlocks: [], indexes: {} };
  if (value === null || value === undefined) {
    report.add('empty-file', { file, path: [] }, 'The file holds nothing');
    return empty;
  }
  if (!isBlock(value)) {
    report.add('wrong-type', { file, path: [] }, 'The file must hold a block of keys', {
      hint: 'Begin with "listeners:" or "node:"',
    });
    return empty;
  }
  const schema = role === 'main' ? mainSchema : includedSchema;
  const first = runSchema<MainDoc | IncludedDoc>(schema, value);
  if (first.ok && unexpanded.length === 0) return { ...empty, doc: first.value };
  const told = new Set(unexpanded.map((path) => JSON.stringify(path)));
  const faults = first.ok ? [] : first.faults.filter((fault) => !told.has(JSON.stringify(fault.path)));
  for (const fault of faults) tell(fault, file, role, report);
  const mended = mendUnknownKeys(value, faults);
  const again = mended === value ? first : runSchema<MainDoc | IncludedDoc>(schema, mended);
  const left = again.ok ? [] : again.faults.map((fault) => fault.path);
  const { rest, ...kept } = withoutFaults(mended, [...left, ...unexpanded]);
  const second = runSchema<MainDoc | IncludedDoc>(schema, rest);
  return { ...empty, doc: second.ok ? second.value : {}, ...kept };
}

function tell(fault: SchemaFault, file: number, role: 'main' | 'included', report: Report): void {
  const { rule, path, what, message, hint, secret } = fault;
  const key = String(path[0]);
  if (
    role === 'included' &&
    rule === 'unknown-key' &&
    path.length === 1 &&
    Object.hasOwn(mainSchema.shape, key)
  )
    report.add('not-in-included', { file, path }, `Cannot set "${key}" in an included file`, {
      what,
      hint: 'Move it to the main file',
    });
  else report.add(rule, { file, path }, message, { what, hint, ...(secret === undefined ? {} : { secret }) });
}

interface Kept {
  readonly rest: Record<string, unknown>;
  readonly unreadable: { section: Section; name: string }[];
  readonly unreadableBlocks: readonly string[];
  readonly indexes: Partial<Record<Section, number[]>>;
}

/** The entries of the lists, and the blocks, that have no fault; entries remember at which index they were written. */
function withoutFaults(value: Record<string, unknown>, faults: readonly Path[]): Kept {
  const badKeys = new Set<string>();
  const badEntries = new Map<string, Set<number>>();
  for (const [key, index] of faults) {
    if (typeof key !== 'string') continue;
    if (isSection(key) && typeof index === 'number' && Array.isArray(value[key])) {
      const set = badEntries.get(key) ?? new Set();
      badEntries.set(key, set.add(index));
    } else badKeys.add(key);
  }
  const rest: Record<string, unknown> = {};
  const unreadable: { section: Section; name: string }[] = [];
  const indexes: Partial<Record<Section, number[]>> = {};
  for (const [key, part] of Object.entries(value)) {
    if (badKeys.has(key)) continue;
    const bad = badEntries.get(key);
    rest[key] = part;
    if (bad === undefined || !isSection(key)) continue;
    const entries = part as unknown[];
    const kept = [...entries.keys()].filter((index) => !bad.has(index));
    rest[key] = kept.map((index) => entries[index]);
    indexes[key] = kept;
    for (const index of bad) {
      const entry = entries[index];
      if (isBlock(entry) && typeof entry.name === 'string')
        unreadable.push({ section: key, name: entry.name });
    }
  }
  return { rest, unreadable, unreadableBlocks: [...badKeys], indexes };
}

function isSection(key: string): key is Section {
  return (SECTIONS as readonly string[]).includes(key);
}
