// A duration as a caller writes it, within what the operation takes.
import { formatDuration, parseDuration } from '../../lib/duration.ts';
import { InputError } from '../../model/errors.ts';

export interface DurationRange {
  readonly leastMs: number;
  readonly mostMs: number;
  /** How it is written: `"60s" or "5m"`. */
  readonly like: string;
}

/** `name` is the key of the request. */
export function readDuration(name: string, text: string, { leastMs, mostMs, like }: DurationRange): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= leastMs && ms <= mostMs) return ms;
  throw new InputError(
    'USAGE',
    `Cannot read "${name}" as a duration of ${formatDuration(leastMs)}..${formatDuration(mostMs)}: current value is "${text}"`,
    { hint: `Write it like ${like}` },
  );
}
