// Objects that came through the API, in the shape of a file: one validation for both, with names where a file has lines.
import { SECTIONS, type Section } from './merge.ts';
import { formatPath } from './render-findings.ts';
import type { ParsedFile, Path } from './source.ts';

export interface ApiObject {
  readonly section: Section;
  readonly name: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** What diagnostics call it in place of a file. */
export const API_FILE = 'api';

export function objectsFile(objects: Iterable<ApiObject>): ParsedFile {
  const value: Record<Section, Record<string, unknown>[]> = {
    vips: [],
    listeners: [],
    pools: [],
    certificates: [],
  };
  for (const { section, name, spec } of objects) value[section].push({ ...spec, name });
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
