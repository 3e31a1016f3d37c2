// Bare numbers whose unit stands in the key become durations: `interval_ms: 5000` is `interval: 5s`.
import { formatDuration } from '../../lib/duration.ts';
import { type Rule, renames } from './rule.ts';
import type { Tree } from './tree.ts';

const UNITS = [
  ['_ms', 1],
  ['_seconds', 1000],
  ['_minutes', 60_000],
] as const;

/** Keys that name themselves otherwise once their unit is gone. */
const RENAMED: Readonly<Record<string, string>> = {
  lock_idle_timeout: 'lock_idle',
  advert_interval: 'advert',
};

/** What stands below these is named by people, not by us: a sysctl may well end in `_ms`. */
export const FREE_MAPS: ReadonlySet<string> = new Set([
  'sysctl',
  'set_headers',
  'headers',
  'environment',
  'error_pages',
]);

export const durationRule: Rule = (map, log) => {
  for (const entry of [...map.entries]) {
    const unit = unitOf(entry.key);
    if (unit === undefined) continue;
    renames(entry.key, unit.name, (value) => inUnits(value, unit.ms))(map, log);
  }
};

export function unitOf(key: string): { name: string; ms: number } | undefined {
  for (const [suffix, ms] of UNITS) {
    if (!key.endsWith(suffix) || key.length === suffix.length) continue;
    const name = key.slice(0, -suffix.length);
    return { name: RENAMED[name] ?? name, ms };
  }
  return undefined;
}

/** What is no sensible number goes on as text, so that the schema refuses it as a duration at its own place. */
function inUnits(value: Tree, ms: number): Tree {
  if (value.kind !== 'scalar' || typeof value.value !== 'number') return value;
  const total = value.value * ms;
  const exact = Number.isInteger(total) || (total > 0 && total < 1 && Number.isInteger(total * 1000));
  return { ...value, value: exact && total >= 0 ? formatDuration(total) : `${total}ms` };
}
