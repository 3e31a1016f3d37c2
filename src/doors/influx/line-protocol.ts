// A scrape as InfluxDB line protocol: the same names and labels, so that dashboards of both say the same. Pure.

const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** One line for each sample, so many at once; comments and what has no finite value are left out. */
export function* lineBatches(text: string, atMs: number, size: number): Generator<string[]> {
  const end = ` ${BigInt(Math.floor(atMs)) * 1_000_000n}`;
  // Each set of labels stands in many families.
  const known = new Map<string, string>();
  let batch: string[] = [];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf('\n', at);
    const line = toLine(text.slice(at, next === -1 ? text.length : next), end, known);
    at = next === -1 ? text.length : next + 1;
    if (line === undefined) continue;
    batch.push(line);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

function toLine(row: string, end: string, known: Map<string, string>): string | undefined {
  const space = row.lastIndexOf(' ');
  if (space < 1 || row.startsWith('#')) return undefined;
  const value = row.slice(space + 1);
  if (value === '' || !Number.isFinite(Number(value))) return undefined;
  const brace = row.indexOf('{');
  if (brace === -1) return `${row.slice(0, space)} value=${value}${end}`;
  const labels = row.slice(brace + 1, space - 1);
  let tags = known.get(labels);
  if (tags === undefined) {
    tags = tagsOf(labels);
    known.set(labels, tags);
  }
  return `${row.slice(0, brace)}${tags} value=${value}${end}`;
}

/** An empty tag value is no tag. */
function tagsOf(labels: string): string {
  let tags = '';
  for (const [, key, raw] of labels.matchAll(LABEL))
    if (raw !== '') tags += `,${key}=${escapeTag(unescaped(raw!))}`;
  return tags;
}

function unescaped(text: string): string {
  return text.includes('\\')
    ? text.replaceAll(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
    : text;
}

/** Line breaks cannot be written in a tag, and a backslash at its end would hide the comma. */
function escapeTag(text: string): string {
  if (!/[,= \n\r\\]/.test(text)) return text;
  return text
    .replaceAll(/[\n\r]/g, ' ')
    .replaceAll(/[,= ]/g, '\\$&')
    .replace(/\\$/, '\\ ');
}
