// Work with an end: what a driver does not answer in time counts as failed, and is told to stop.
import type { Clock } from '../lib/clock.ts';
import { LbError, OpError } from '../model/errors.ts';

/** `busy` holds the target's name while work that was given up on still goes on. */
export async function withDeadline<T>(
  clock: Clock,
  ms: number,
  what: { readonly op: string; readonly target: string },
  busy: Set<string>,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => {
      const error = new OpError(
        'TIMEOUT',
        `Cannot ${what.op} "${what.target}" as it must answer within ${ms} ms`,
        { op: what.op, target: what.target },
      );
      controller.abort(error);
      reject(error);
    });
  });
  // An async wrapper, so that what throws at once is a rejection like any other.
  const done = (async () => work(controller.signal))();
  const free = (): void => void busy.delete(what.target);
  busy.add(what.target);
  done.then(free, free);
  try {
    return await Promise.race([done, late]);
  } finally {
    cancel();
  }
}

/** Whatever a driver throws, as an error of ours that says whether a retry can help. */
export function toLbError(cause: unknown, op: string, target: string): LbError {
  if (cause instanceof LbError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new OpError('DRIVER_FAILED', `Cannot ${op} "${target}": ${message}`, { op, target }, { cause });
}
