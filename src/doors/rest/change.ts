// What a caller says of a change of the configuration, as the history and the desk want it. Pure.
import type { Change } from '../../engine/config-port.ts';
import { parseDuration } from '../../lib/duration.ts';
import { InputError } from '../../model/errors.ts';
import type { Actor } from './actor.ts';

/** Below a second nobody could confirm, above a day nobody remembers. */
const SHORTEST_TRIAL_MS = 1000;
const LONGEST_TRIAL_MS = 86_400_000;

export interface ChangeWords {
  readonly reason: string;
  readonly force?: boolean | undefined;
  readonly confirm_within?: string | undefined;
}

export function changeOf(actor: Actor, { reason, force, confirm_within: within }: ChangeWords): Change {
  return {
    author: actor.name,
    reason,
    ...(force === true ? { force } : {}),
    ...(within === undefined ? {} : { confirmWithinMs: withinMs(within) }),
  };
}

function withinMs(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= SHORTEST_TRIAL_MS && ms <= LONGEST_TRIAL_MS) return ms;
  throw new InputError(
    'USAGE',
    `Cannot read "confirm_within" as a duration of 1s..24h: current value is "${text}"`,
    { hint: 'Write it like "60s" or "5m"' },
  );
}
