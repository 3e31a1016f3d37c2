// Answers and refusals on the wire: one JSON for equal content, ETags with If-None-Match, problem+json.
import { hash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { stableJson } from '../../lib/stable-json.ts';
import { ERROR_CATALOGUE } from '../../model/errors.ts';
import { HttpError, toLbError, toProblem } from './problem.ts';
import { Answer, type Route } from './route.ts';
import { ROUTES } from './routes.ts';

const PROBLEM = 'application/problem+json; charset=utf-8';

export interface FaultTeller {
  /** Faults of ours, in full. */
  readonly onFault: (error: unknown, requestId: string) => void;
}

export function send(
  route: Route,
  answer: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (route.reply === undefined && !(answer instanceof Answer)) return reply.code(204).send();
  const { body: content, status, tag, location } = answer instanceof Answer ? answer : new Answer(answer);
  const body = stableJson(content);
  reply.code(status).type('application/json; charset=utf-8');
  if (location !== undefined) reply.header('location', location);
  if (!route.etag) return reply.send(body);
  // It guards nothing: a quick one that tells two states of an object apart is enough.
  const digest = hash('sha1', body, 'base64url').slice(0, 22);
  // What stands before the dot is the state of the configuration, for If-Match: health changes the rest.
  const etag = tag === undefined ? `"${digest}"` : `"${tag}.${digest}"`;
  reply.header('etag', etag);
  reply.header('cache-control', 'no-cache');
  const known = request.headers['if-none-match'];
  if (known !== undefined && matches(known, etag)) return reply.code(304).send();
  return reply.send(body);
}

/** RFC 9110, 13.1.2: a list of tags, compared weakly, or any. */
function matches(header: string, etag: string): boolean {
  return header.split(',').some((one) => {
    const tag = one.trim().replace(/^W\//, '');
    return tag === '*' || tag === etag;
  });
}

export function notFound(request: FastifyRequest): HttpError {
  const path = request.url.split('?', 1)[0]?.slice(0, 200) ?? '';
  const methods = methodsOf(path);
  if (methods.length > 0)
    return new HttpError(405, 'USAGE', `Cannot ${request.method} ${path}: it takes ${methods.join(', ')}`, {
      headers: { allow: methods.join(', ') },
    });
  return new HttpError(404, 'NOT_FOUND', `There is nothing at "${path}"`, { hint: 'See /v1/openapi.json' });
}

function methodsOf(path: string): string[] {
  const words = path.split('/');
  return ROUTES.filter((route) => {
    const wanted = route.path.split('/');
    return (
      wanted.length === words.length &&
      wanted.every((word, i) => (word.startsWith('{') ? words[i] !== '' : word === words[i]))
    );
  }).map((route) => route.method);
}

export function sendProblem(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  options: FaultTeller,
): void {
  const error = toLbError(thrown);
  if (error.code === 'INTERNAL') options.onFault(thrown, request.id);
  if (error instanceof HttpError) reply.headers(error.headers);
  const problem = toProblem(error, { url: request.url, id: request.id });
  // Words of a fault of ours may hold anything; they are for the log.
  const told =
    error.code === 'INTERNAL'
      ? { ...problem, detail: ERROR_CATALOGUE.INTERNAL.what, details: undefined }
      : problem;
  reply.code(problem.status).header('x-request-id', request.id).type(PROBLEM).send(JSON.stringify(told));
}
