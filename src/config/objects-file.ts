// Objects that came through the API, in the shape of a file: one validation for both, with names where a file has lines.
import { Note } from '../lib/note.ts';
import { API_FILE } from '../model/diagnostic.ts';
import { SECTIONS, type Section } from './merge.ts';
import { formatPath } from './render-findings.ts';
import type { ParsedFile, Path } from './source.ts';

export interface ApiObject {
  readonly section: Section;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The same entry for the same spec, so that who reads it sees that it was read before. */
const ENTRIES = new Note<object, { readonly name: string }>();

function entryOf({ name, spec }: ApiObject): Record<string, unknown> {
  const known = ENTRIES.get(spec);
  if (known?.name === name) return known;
  const entry = { ...spec, name };
  ENTRIES.set(spec, entry);
  return entry;
}

export function objectsFile(objects: Iterable<ApiObject>): ParsedFile {
  const value: Record<Section, Record<string, unknown>[]> = {
    vips: [],
    listeners: [],
    pools: [],
    certificates: [],
  };
  for (const object of objects) value[object.section].push(entryOf(object));
  const nameAt = (path: Path): string | undefined => {
    const [section, index] = path;
    const list = SECTIONS.find((one) => one === section);
    const entry = list === undefined || typeof index !== 'number' ? undefined : value[list][index];
    return typeof entry?.name === 'string' ? entry.name : undefined;
  };
  const pathText = (path: Path): string => {
    const name = nameAt(path);
    return formatPath(name === undefined ? path : [String(path[0]), name, ...path.slice(2)]);
  };
  return {
    source: { file: API_FILE, text: '', role: 'included' },
    fromApi: true,
    value,
    locate: (path) => ({ file: `${API_FILE}: ${pathText(path)}`, line: 0, column: 0 }),
    excerpt: () => '',
    pathText,
  };
}
