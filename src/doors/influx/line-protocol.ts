// The text of a scrape as InfluxDB line protocol: the same names and labels, so that dashboards of both say the same. Pure.

const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** One line for each sample; comments and what has no finite value are left out. */
export function toLineProtocol(text: string, atMs: number): string[] {
  const stamp = `${BigInt(Math.floor(atMs)) * 1_000_000n}`;
  const lines: string[] = [];
  for (const row of text.split('\n')) {
    if (row === '' || row.startsWith('#')) continue;
    const [, name, labels = '', value = ''] = SAMPLE.exec(row) ?? [];
    if (name === undefined || !Number.isFinite(Number(value))) continue;
    let tags = '';
    // An empty tag value is no tag.
    for (const [, key, raw] of labels.matchAll(LABEL))
      if (raw !== '') tags += `,${key}=${escapeTag(unescaped(raw!))}`;
    lines.push(`${name}${tags} value=${value} ${stamp}`);
  }
  return lines;
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
