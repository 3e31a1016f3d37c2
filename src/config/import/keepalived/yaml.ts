// Writes YAML as a person would: blocks for objects, one line for what is short, comments where they help.

export type Yaml = string | number | boolean | readonly Yaml[] | YamlMap;

export interface YamlMap {
  readonly entries: readonly (readonly [string, Yaml])[];
  /** Stands above, or behind where the map fits on one line. */
  readonly comment?: string;
  /** May be written as `{ a: 1 }` where it fits. */
  readonly flow: boolean;
}

const WIDTH = 110;
const PLAIN = /^[A-Za-z_/][A-Za-z0-9_./@+-]*$/;
const PLAIN_ADDRESS = /^[0-9a-fA-F.:]*[.:][0-9a-fA-F.:]*(\/\d+)?$/;
const RESERVED = /^(true|false|yes|no|on|off|null|y|n|~|nan|inf)$/i;

/** A map in the order of its keys; what is undefined is left out. */
export function yamlMap(
  values: Readonly<Record<string, Yaml | undefined>>,
  options: { comment?: string | undefined; flow?: boolean } = {},
): YamlMap {
  const entries = Object.entries(values).filter((entry): entry is [string, Yaml] => entry[1] !== undefined);
  return {
    entries,
    flow: options.flow ?? false,
    ...(options.comment === undefined ? {} : { comment: options.comment }),
  };
}

export function renderYaml(document: YamlMap): string {
  return document.entries
    .map(([key, value]) => renderEntry(key, value, 0).join('\n'))
    .join('\n\n')
    .concat('\n');
}

function renderEntry(key: string, value: Yaml, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const above = isMap(value) && value.comment !== undefined ? comments(value.comment, pad) : [];
  const line = oneLine(value);
  if (line !== undefined && indent + key.length + 2 + line.length <= WIDTH)
    return [...above, `${pad}${key}: ${line}`];
  if (isMap(value)) return [...above, `${pad}${key}:`, ...renderBody(value, indent + 2)];
  if (Array.isArray(value))
    return [`${pad}${key}:`, ...value.flatMap((item: Yaml) => renderItem(item, indent + 2))];
  return [`${pad}${key}: ${scalar(value as string)}`];
}

function renderBody(map: YamlMap, indent: number): string[] {
  return map.entries.flatMap(([key, value]) => renderEntry(key, value, indent));
}

function renderItem(item: Yaml, indent: number): string[] {
  const pad = ' '.repeat(indent);
  const line = oneLine(item);
  if (line !== undefined && indent + 2 + line.length <= WIDTH) {
    const note = isMap(item) && item.comment !== undefined ? ` # ${printable(item.comment)}` : '';
    if (!note.includes('\n') && indent + 2 + line.length + note.length <= WIDTH)
      return [`${pad}- ${line}${note}`];
    return [...comments(isMap(item) ? (item.comment ?? '') : '', pad), `${pad}- ${line}`];
  }
  if (!isMap(item)) return [`${pad}- ${Array.isArray(item) ? '[]' : scalar(item as string)}`];
  const body = renderBody(item, indent + 2);
  const first = body.findIndex((text) => !text.trimStart().startsWith('#'));
  if (first >= 0) body[first] = `${pad}- ${body[first]!.slice(indent + 2)}`;
  return [...(item.comment === undefined ? [] : comments(item.comment, pad)), ...body];
}

function oneLine(value: Yaml): string | undefined {
  if (Array.isArray(value)) {
    const parts = value.map((item: Yaml) => oneLine(item));
    const withNotes = value.some((item: Yaml) => isMap(item) && item.comment !== undefined);
    return withNotes || parts.includes(undefined) ? undefined : `[${parts.join(', ')}]`;
  }
  if (isMap(value)) {
    if (!value.flow && value.entries.length > 0) return undefined;
    if (value.entries.length === 0) return '{}';
    const parts = value.entries.map(([key, inner]) => {
      const text = isMap(inner) && inner.comment !== undefined ? undefined : oneLine(inner);
      return text === undefined ? undefined : `${key}: ${text}`;
    });
    return parts.includes(undefined) ? undefined : `{ ${parts.join(', ')} }`;
  }
  return scalar(value as string | number | boolean);
}

function scalar(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  // Our language takes ${NAME} from the environment; a second dollar sign says that none is meant.
  if (/\$[${]/.test(value)) return quoted(value.replace(/\$(?=[${])/g, '$$$$'));
  const duration = /^\d+(\.\d+)?(us|ms|s|m|h|d)([0-9a-z.]*)$/.test(value);
  const plain = PLAIN.test(value) || duration || /^\d+-\d+$/.test(value) || isPlainAddress(value);
  return plain && !RESERVED.test(value) && value.length > 0 ? value : quoted(value);
}

/** JSON's quoting is YAML's, but for characters that may not stand in YAML at all. */
function quoted(value: string): string {
  return JSON.stringify(value.toWellFormed()).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Two dots or two colons at least, so that no reader takes it for a number or a time of day. */
function isPlainAddress(value: string): boolean {
  if (!PLAIN_ADDRESS.test(value) || value.startsWith(':') || value.endsWith(':')) return false;
  return (
    (value.match(/\./g) ?? []).length === 3 || (value.match(/:/g) ?? []).length > 2 || value.includes('::')
  );
}

export function comments(text: string, pad = ''): string[] {
  return text.split('\n').map((line) => `${pad}# ${printable(line)}`.trimEnd());
}

/** What a comment may hold: no control characters, none of the line ends YAML knows. */
export function printable(text: string): string {
  return text.toWellFormed().replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, ' ');
}

function isMap(value: Yaml): value is YamlMap {
  return typeof value === 'object' && !Array.isArray(value);
}
