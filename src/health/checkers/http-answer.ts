// Judging an HTTP answer: code, body by pattern or digest. Pure.
import { createHash } from 'node:crypto';
import type { CodeRange, HttpRequest } from '../../model/health-check.ts';

/** A body is read no further than this: an endless one, or one made to fill memory, is judged by its beginning. */
export const MAX_BODY_BYTES = 1024 * 1024;

export interface HttpAnswer {
  readonly code: number;
  /** At most MAX_BODY_BYTES, as sent (no decompression: we ask for none). */
  readonly body: Buffer;
  /** The body was longer than what was read. */
  readonly cut: boolean;
}

/** True when nothing but the status line matters, so the body need not be read. */
export function needsBody(request: HttpRequest): boolean {
  return request.body !== undefined || request.digest !== undefined;
}

/** It ended before any headers came: the connection is gone, or our time is over. */
export function noAnswer(): Error {
  return new Error('The member closed the connection without an answer');
}

/** What is wrong with the answer, or undefined. */
export function answerFault(answer: HttpAnswer, request: HttpRequest): string | undefined {
  if (!isExpected(answer.code, request.codes)) {
    return `${request.method} ${request.path} answered ${answer.code}: wanted ${formatCodes(request.codes)}`;
  }
  if (request.body !== undefined) {
    const matches = new RegExp(request.body, 's').test(answer.body.toString('utf8'));
    if (matches === request.bodyInvert) {
      const what = request.bodyInvert ? 'must not match' : 'does not match';
      return `The body of ${request.path} ${what} /${request.body}/`;
    }
  }
  if (request.digest !== undefined) {
    if (answer.cut)
      return `The body of ${request.path} is longer than ${MAX_BODY_BYTES} bytes, too long for a digest`;
    const found = createHash(request.digest.length === 32 ? 'md5' : 'sha256')
      .update(answer.body)
      .digest('hex');
    if (found !== request.digest.toLowerCase()) return `The body of ${request.path} has digest ${found}`;
  }
  return undefined;
}

function isExpected(code: number, ranges: readonly CodeRange[]): boolean {
  return ranges.some((range) => code >= range.from && code <= range.to);
}

function formatCodes(ranges: readonly CodeRange[]): string {
  return ranges
    .map((range) => (range.from === range.to ? `${range.from}` : `${range.from}-${range.to}`))
    .join(', ');
}
