// Durations as people write them: `500ms`, `2s`, `1m30s`, `1h`, `2d`. Inside, milliseconds.

const UNIT_MS: Readonly<Record<string, number>> = {
  us: 0.001,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const PART = /(\d+(?:\.\d+)?)(us|ms|s|m|h|d)/y;

/** Files say the same few spellings many thousand times; the bound is for hostile ones. */
const KNOWN = new Map<string, number | undefined>();
const MOST_KNOWN = 1000;

/** Milliseconds, or undefined where the text is no duration. A bare number has no unit and is none. */
export function parseDuration(text: string): number | undefined {
  if (KNOWN.has(text)) return KNOWN.get(text);
  const total = read(text);
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(text, total);
  return total;
}

function read(text: string): number | undefined {
  PART.lastIndex = 0;
  let total = 0;
  let end = 0;
  while (end < text.length) {
    const part = PART.exec(text);
    if (part === null) return undefined;
    total += Number(part[1]) * UNIT_MS[part[2]!]!;
    end = PART.lastIndex;
  }
  return text === '' ? undefined : total;
}

/** The shortest exact spelling: 90000 is `1m30s`, 1500 is `1500ms`, 0 is `0s`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1) return `${Math.round(ms * 1000)}us`;
  if (ms % 1000 !== 0) return `${ms}ms`;
  let rest = ms;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNIT_MS[unit]!;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
