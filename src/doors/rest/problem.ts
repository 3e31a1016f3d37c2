// Errors as problem+json (RFC 9457): the catalogue's code, its cure and the id of the request.
import { BugError, ERROR_CATALOGUE, type ErrorCode, LbError } from '../../model/errors.ts';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retry: LbError['retry'];
  readonly instance: string;
  readonly requestId: string;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Every code not named is a fault on our side of the door. */
const STATUS_BY_CODE: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: 400,
  DENIED: 403,
  NOT_FOUND: 404,
  CONFLICT: 409,
  GUARD_HELD: 409,
  OBJECT_EXISTS: 409,
  OBJECT_IN_USE: 409,
  QUOTA_EXCEEDED: 409,
  OBJECT_FROM_FILE: 409,
  TRIAL_RUNS: 409,
  ETAG_STALE: 412,
  CONFIG_INVALID: 422,
  CONFIG_UNREADABLE: 422,
  ETAG_MISSING: 428,
  RATE_LIMITED: 429,
  UNREACHABLE: 502,
  DRIVER_FAILED: 502,
  NOT_READY: 503,
  ENGINE_UNAVAILABLE: 503,
  TIMEOUT: 504,
  STATE_UNWRITABLE: 507,
  RUN_DIR_UNWRITABLE: 507,
};

/** An error whose HTTP status says more than its code: 401, 405, 413, 415. */
export class HttpError extends LbError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    code: ErrorCode,
    message: string,
    more: { hint?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(code, message, 'never', more.hint === undefined ? {} : { hint: more.hint });
    this.status = status;
    this.headers = more.headers ?? {};
  }
}

export function statusOf(error: LbError): number {
  return error instanceof HttpError ? error.status : (STATUS_BY_CODE[error.code] ?? 500);
}

export function toProblem(error: LbError, request: { url: string; id: string }): Problem {
  const details = Object.keys(error.details).length === 0 ? {} : { details: error.details };
  return {
    type: `urn:lbctl:error:${error.code}`,
    title: ERROR_CATALOGUE[error.code].what,
    status: statusOf(error),
    detail: error.message,
    code: error.code,
    hint: error.hint,
    retry: error.retry,
    instance: request.url.split('?', 1)[0] ?? '/',
    requestId: request.id,
    ...details,
  };
}

/** What was thrown behind a route, as one of our errors. A fault of ours keeps its words for the log: they may name secrets. */
export function toLbError(thrown: unknown): LbError {
  if (thrown instanceof LbError) return thrown;
  const { statusCode, code } = thrown as { statusCode?: number; code?: string };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return new HttpError(413, 'USAGE', 'Cannot read the request as its body is too large', {
      hint: 'Send at most 256 KiB, of objects 16 MiB',
    });
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return new HttpError(
      415,
      'USAGE',
      'Cannot read the request as its body must be of type application/json',
      {
        hint: 'Send "Content-Type: application/json"',
      },
    );
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return new HttpError(statusCode, 'USAGE', `Cannot read the request: ${(thrown as Error).message}`, {
      hint: 'See /v1/openapi.json',
    });
  return new BugError('Cannot answer as an invariant of ours broke', { cause: thrown });
}
