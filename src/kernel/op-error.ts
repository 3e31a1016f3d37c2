// Turns an errno into the OpError it stands for: which code, whether a retry helps, and the cure.
import { type ErrorCode, OpError, type Retry } from '../model/errors.ts';
import { ERRNO, errnoName } from './native/errno.ts';

export interface Failure {
  /** In the kernel's own words: `IPVS_CMD_NEW_DEST`. */
  readonly op: string;
  readonly target?: string;
  readonly errno: number;
  readonly kernelMessage?: string | undefined;
}

interface Reading {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly hint?: string;
}

/** What an errno means where nothing more is known; a room that knows more passes its own reading. */
export function readErrno(errno: number): Reading {
  switch (errno) {
    case ERRNO.EPERM:
    case ERRNO.EACCES:
      return { code: 'DENIED', retry: 'never', hint: 'Run as root or grant CAP_NET_ADMIN' };
    case ERRNO.ENOBUFS:
    case ERRNO.ENOMEM:
      return {
        code: 'DRIVER_FAILED',
        retry: 'backoff',
        hint: 'The kernel is short of memory; look at "free -m"',
      };
    case ERRNO.ETIMEDOUT:
      return { code: 'TIMEOUT', retry: 'backoff' };
    case ERRNO.EINVAL:
    case ERRNO.ERANGE:
    case ERRNO.EOPNOTSUPP:
      return { code: 'DRIVER_FAILED', retry: 'never' };
    default:
      return { code: 'DRIVER_FAILED', retry: 'backoff' };
  }
}

export function toOpError(failure: Failure, reading: Reading = readErrno(failure.errno)): OpError {
  const name = errnoName(failure.errno);
  const on = failure.target === undefined ? '' : ` on "${failure.target}"`;
  const said = failure.kernelMessage === undefined ? name : `${name} (${failure.kernelMessage})`;
  return new OpError(
    reading.code,
    `Cannot do ${failure.op}${on} as the kernel refused: ${said}`,
    {
      op: failure.op,
      errno: name,
      ...(failure.target === undefined ? {} : { target: failure.target }),
      ...(failure.kernelMessage === undefined ? {} : { kernelMessage: failure.kernelMessage }),
    },
    { retry: reading.retry, ...(reading.hint === undefined ? {} : { hint: reading.hint }) },
  );
}
