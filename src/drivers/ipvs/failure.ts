// What a step failed with, as one of our errors.
import { BugError, LbError } from '../../model/errors.ts';

export function toLbError(error: unknown, what: string): LbError {
  return error instanceof LbError ? error : new BugError(`Cannot apply "${what}"`, { cause: error });
}
