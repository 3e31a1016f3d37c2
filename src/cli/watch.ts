// `--watch`: the same answer again and again, until a signal ends the command or nobody reads it any more.
import { setTimeout as sleep } from 'node:timers/promises';
import { Option } from 'commander';
import { InputError } from '../model/errors.ts';
import type { Session } from './session.ts';

const DEFAULT_SECONDS = 2;
const HOME_AND_CLEAR = '\x1b[H\x1b[J';

export interface WatchOptions {
  readonly watch?: string | true;
}

export function watchOption(): Option {
  return new Option('-w, --watch [seconds]', `again every so many seconds (${DEFAULT_SECONDS} if not said)`);
}

/** Once without `--watch`. A pipe gets one answer after another, a terminal a page that stands still. */
export async function watching(
  options: WatchOptions,
  session: Session,
  answer: () => Promise<string>,
): Promise<void> {
  const everyMs = intervalOf(options.watch);
  if (everyMs === undefined) {
    session.print(await answer());
    return;
  }
  const { isTTY, readerGone } = session.toolbox.stdout;
  // A daemon that goes away ends it with its error.
  while (!readerGone.aborted) {
    const text = await answer();
    session.print(isTTY ? `${HOME_AND_CLEAR}${text}` : text);
    // Rejects where the reader goes meanwhile, which the loop sees.
    await sleep(everyMs, undefined, { signal: readerGone }).catch(() => {});
  }
}

function intervalOf(given: WatchOptions['watch']): number | undefined {
  if (given === undefined) return undefined;
  if (given === true) return DEFAULT_SECONDS * 1000;
  const seconds = Number(given);
  if (seconds >= 0.1 && seconds <= 3600) return seconds * 1000;
  throw new InputError('USAGE', `Cannot watch every "${given}" seconds: it must be 0.1..3600`);
}
