// What drivers observed, as a file: for `plan --against FILE`, goldens and support bundles.
import { type FieldValue, type Item, item, itemMap, type Observed } from '../model/item.ts';

export type Snapshot = ReadonlyMap<string, Observed>;

export type SnapshotResult =
  | { readonly ok: true; readonly snapshot: Snapshot }
  /** Every fault at once, each with its path. */
  | { readonly ok: false; readonly faults: readonly string[] };

const FORMAT = 'steelyard-items';
/** Faults told; a file of another kind would have thousands. */
const MAX_FAULTS = 20;

export function writeSnapshot(snapshot: Snapshot): string {
  const drivers: Record<string, object> = {};
  for (const [name, observed] of snapshot)
    drivers[name] = { items: [...observed.items.values()], foreign: [...observed.foreign.values()] };
  return `${JSON.stringify({ format: FORMAT, version: 1, drivers }, null, 1)}\n`;
}

export function readSnapshot(text: string): SnapshotResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return refuse(
      `Cannot read a snapshot as it is no JSON: ${cause instanceof Error ? cause.message : cause}`,
    );
  }
  if (!isRecord(value))
    return refuse(`Cannot read a snapshot as it must be an object: current value is ${tell(value)}`);
  if (value.format !== FORMAT)
    return refuse(
      `Cannot read a snapshot as "format" must be "${FORMAT}": current value is ${tell(value.format)}`,
    );
  if (value.version !== 1)
    return refuse(`Cannot read a snapshot as "version" must be 1: current value is ${tell(value.version)}`);
  if (!isRecord(value.drivers))
    return refuse(
      `Cannot read a snapshot as "drivers" must be an object: current value is ${tell(value.drivers)}`,
    );
  const faults: string[] = [];
  const snapshot = new Map<string, Observed>();
  for (const [name, part] of Object.entries(value.drivers))
    snapshot.set(name, readObserved(part, `drivers.${name}`, faults));
  if (faults.length === 0) return { ok: true, snapshot };
  const more = faults.length - MAX_FAULTS;
  return { ok: false, faults: more > 0 ? [...faults.slice(0, MAX_FAULTS), `${more} more`] : faults };
}

function readObserved(value: unknown, path: string, faults: string[]): Observed {
  if (!isRecord(value)) faults.push(fault(path, 'must be an object', value));
  const part = isRecord(value) ? value : {};
  return {
    items: itemMap(readItems(part.items, `${path}.items`, faults)),
    foreign: itemMap(readItems(part.foreign ?? [], `${path}.foreign`, faults)),
  };
}

function readItems(value: unknown, path: string, faults: string[]): readonly Item[] {
  if (!Array.isArray(value)) {
    faults.push(fault(path, 'must be a list', value));
    return [];
  }
  const seen = new Set<string>();
  return value.flatMap((one: unknown, i) => {
    const read = readItem(one, `${path}[${i}]`, faults);
    if (read === undefined) return [];
    if (seen.has(read.key)) faults.push(fault(`${path}[${i}].key`, 'must be unique', read.key));
    seen.add(read.key);
    return [read];
  });
}

function readItem(value: unknown, path: string, faults: string[]): Item | undefined {
  if (!isRecord(value)) {
    faults.push(fault(path, 'must be an object', value));
    return undefined;
  }
  const { kind, key, parent, fields } = value;
  const before = faults.length;
  if (typeof kind !== 'string' || kind === '') faults.push(fault(`${path}.kind`, 'must be a word', kind));
  if (typeof key !== 'string' || key === '') faults.push(fault(`${path}.key`, 'must be a text', key));
  if (parent !== undefined && typeof parent !== 'string')
    faults.push(fault(`${path}.parent`, 'must be a text', parent));
  if (!isRecord(fields)) faults.push(fault(`${path}.fields`, 'must be an object', fields));
  else
    for (const [name, field] of Object.entries(fields))
      if (!isFieldValue(field))
        faults.push(fault(`${path}.fields.${name}`, 'must be a text, a number, true or false', field));
  if (faults.length > before) return undefined;
  return item(
    kind as string,
    key as string,
    fields as Record<string, FieldValue>,
    parent as string | undefined,
  );
}

function isFieldValue(value: unknown): value is FieldValue {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(message: string): SnapshotResult {
  return { ok: false, faults: [message] };
}

function fault(path: string, rule: string, value: unknown): string {
  return `Cannot read a snapshot as "${path}" ${rule}: current value is ${tell(value)}`;
}

/** Short, and never a whole tree. */
function tell(value: unknown): string {
  const text = JSON.stringify(value) ?? 'absent';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
