// What a caller says of a change of the configuration, as the history and the desk want it. Pure.
import type { Change } from '../../engine/config-port.ts';
import { readDuration } from './read-duration.ts';
import type { RouteContext } from './route.ts';

/** Below a second nobody could confirm, above a day nobody remembers. */
const TRIAL = { leastMs: 1000, mostMs: 86_400_000, like: '"60s" or "5m"' };

export interface ChangeWords {
  readonly reason: string;
  readonly force?: boolean | undefined;
  readonly confirm_within?: string | undefined;
}

export function changeOf(
  { actor, begin }: Pick<RouteContext, 'actor' | 'begin'>,
  { reason, force, confirm_within: within }: ChangeWords,
): Change {
  return {
    author: actor.name,
    reason,
    ...(begin === undefined ? {} : { begin }),
    ...(force === true ? { force } : {}),
    ...(within === undefined ? {} : { confirmWithinMs: readDuration('confirm_within', within, TRIAL) }),
  };
}
