// What lbctl ends with. Scripts rely on these numbers.
import type { ErrorCode } from '../model/errors.ts';

export const EXIT_CODES = {
  0: 'done; nothing wrong',
  1: 'failed, in whole or in part',
  2: 'wrong use, or the configuration is invalid',
  3: 'there are differences (only where asked for: `plan --detailed-exitcode`, `fmt --check`)',
  4: 'a named object does not exist',
  5: 'conflict: somebody else made or changed it',
  6: 'unreachable or timed out',
  7: 'denied',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

/** Codes that scripts tell apart; every other failure ends with 1. */
const BY_ERROR: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  CONFIG_INVALID: 2,
  CONFIG_UNREADABLE: 2,
  USAGE: 2,
  NOT_FOUND: 4,
  CONFLICT: 5,
  OBJECT_EXISTS: 5,
  OBJECT_IN_USE: 5,
  QUOTA_EXCEEDED: 7,
  OBJECT_FROM_FILE: 5,
  ETAG_MISSING: 5,
  ETAG_STALE: 5,
  TRIAL_RUNS: 5,
  UNREACHABLE: 6,
  TIMEOUT: 6,
  NOT_READY: 6,
  RATE_LIMITED: 7,
  DENIED: 7,
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return BY_ERROR[code] ?? 1;
}
