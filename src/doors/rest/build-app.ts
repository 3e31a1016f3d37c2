// One HTTP application over a Control: strict reading, request ids, rights, audit. Sockets are given to it.
import { randomUUID } from 'node:crypto';
import type { RequestListener, Server } from 'node:http';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Control } from '../../engine/control.ts';
import { redact } from '../../lib/redact.ts';
import { InputError } from '../../model/errors.ts';
import type { Access, TcpState } from './access.ts';
import { type Actor, mayUse } from './actor.ts';
import type { AuditEvent, EventRing } from './event-ring.ts';
import type { EventStreams } from './event-stream.ts';
import { openApiDocument } from './openapi.ts';
import type { Operations } from './operations.ts';
import { statusOf, toLbError } from './problem.ts';
import type { Pulse } from './pulse.ts';
import { Answer, type Change, type Route, type RouteContext, type Shapes } from './route.ts';
import { ROUTES } from './routes.ts';
import { type FaultTeller, notFound, send, sendProblem } from './send.ts';

export interface AppOptions extends FaultTeller {
  readonly control: Control;
  readonly ring: EventRing;
  readonly pulse: Pulse;
  readonly streams: EventStreams;
  readonly access: Access;
  readonly tcp: () => TcpState;
  readonly operations: Operations;
  /** Who asks; throws HttpError 401, 403 or 429. */
  readonly authenticate: (request: FastifyRequest) => Actor | Promise<Actor>;
  /** What a write did, whatever came of it. */
  readonly audit: (event: AuditEvent) => void;
  readonly nowMs: () => number;
  readonly createServer: (handler: RequestListener) => Server;
}

const BODY_LIMIT = 256 * 1024;
/** Members of a pool by the ten thousand, listeners by the thousand. */
const OBJECTS_LIMIT = 16 * 1024 * 1024;
const REQUEST_ID = /^[\w.:-]{1,64}$/;

export function buildApp(options: AppOptions): FastifyInstance {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_LIMIT,
    routerOptions: { maxParamLength: 256, caseSensitive: true },
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    serverFactory: (handler) => options.createServer(handler as RequestListener),
    frameworkErrors: (error, request, reply) => sendProblem(error, request, reply, options),
  });
  app.removeContentTypeParser('text/plain');
  app.decorateRequest('actor', null);
  // By whoever opened the connection, before anything of the request is looked at.
  const actorOf = async (request: FastifyRequest): Promise<Actor> => {
    request.actor ??= await options.authenticate(request);
    return request.actor;
  };
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    await actorOf(request);
  });
  app.setErrorHandler((error, request, reply) => sendProblem(error, request, reply, options));
  app.setNotFoundHandler((request, reply) => {
    sendProblem(notFound(request), request, reply, options);
  });
  for (const route of ROUTES) addRoute(app, route, options, actorOf);
  app.get('/v1/openapi.json', () => openApiDocument());
  app.get('/v1/events/watch', async (request, reply) => {
    const actor = await actorOf(request);
    requireWholeNode(actor, 'GET /v1/events/watch');
    options.streams.open(request, reply, actor.holds);
  });
  return app;
}

function addRoute(
  app: FastifyInstance,
  route: Route,
  options: AppOptions,
  actorOf: (request: FastifyRequest) => Promise<Actor>,
): void {
  const { control, ring, pulse, access, tcp, operations, nowMs } = options;
  app.route({
    method: route.method,
    bodyLimit: route.tag === 'objects' ? OBJECTS_LIMIT : BODY_LIMIT,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const actor = await actorOf(request);
      let told: Change | undefined;
      const tellChange = (change: Change): void => {
        told = change;
      };
      const ifMatch = request.headers['if-match'];
      const context: RouteContext = {
        ...{ control, ring, pulse, access, tcp, operations, actor, nowMs, tellChange },
        ...(ifMatch === undefined ? {} : { ifMatch }),
      };
      const audited: Audited = (status) =>
        options.audit({
          ...auditOf(route, request, actor, nowMs(), told),
          ...(status === undefined ? {} : { status }),
        });
      const answer = await tried(route, audited, () => run(route, request, context, audited));
      return send(route, answer, request, reply);
    },
  });
}

type Audited = (status?: number) => void;

/** Every attempt to change something is written down with how it ended. */
async function tried(route: Route, audited: Audited, act: () => unknown): Promise<unknown> {
  if (route.method === 'GET') return act();
  let answer: unknown;
  try {
    answer = await act();
  } catch (error) {
    audited(statusOf(toLbError(error)));
    throw error;
  }
  audited(answer instanceof Answer ? answer.status : undefined);
  return answer;
}

function run(route: Route, request: FastifyRequest, context: RouteContext, audited: Audited): unknown {
  if (!mayUse(context.actor.role, route.role))
    throw new InputError(
      'DENIED',
      `Cannot ${route.method} ${route.path} as "${context.actor.name}": role is "${context.actor.role}"`,
      { hint: `It needs role "${route.role}"` },
    );
  if (!route.projects) requireWholeNode(context.actor, `${route.method} ${route.path}`);
  const input = {
    params: read(route, 'params', request.params),
    query: read(route, 'query', request.query),
    body: read(route, 'body', request.body),
  };
  const { async } = (input.query ?? {}) as { async?: string };
  if (!route.long || async !== 'true') return route.handle(input as never, context);
  const operation = context.operations.begin(
    { action: route.id, author: context.actor.name, url: request.url, requestId: request.id },
    // Once as taken on (202), and once with what came of it.
    (begin) => tried(route, audited, () => route.handle(input as never, { ...context, begin })),
  );
  return new Answer(operation, { status: 202, location: `/v1/operations/${operation.number}` });
}

/** What is not of one project is not for those of one. */
function requireWholeNode(actor: Actor, what: string): void {
  if (actor.project === undefined) return;
  throw new InputError('DENIED', `Cannot ${what} as "${actor.name}": it is of project "${actor.project}"`, {
    hint: 'Use a token or certificate that is of no project',
  });
}

/** What a route does not take must not be given: a misspelt word is told, not ignored. */
function read(route: Route, part: keyof Shapes, given: unknown): unknown {
  const shape: z.ZodType | undefined = route.shapes[part];
  if (shape === undefined) {
    const names = given === null || typeof given !== 'object' ? [] : Object.keys(given);
    const empty =
      part === 'params' ||
      given === undefined ||
      given === null ||
      (typeof given === 'object' && names.length === 0);
    if (empty) return undefined;
    throw new InputError('USAGE', `Cannot ${route.method} ${route.path} with a ${part} as it takes none`);
  }
  const result = shape.safeParse(given);
  if (result.success) return result.data;
  const faults = result.error.issues.slice(0, 10).map((issue) => ({
    path: [part, ...issue.path.map(String)].join('.'),
    message: issue.message,
  }));
  throw new InputError(
    'USAGE',
    `Cannot ${route.method} ${route.path} as ${faults[0]?.path} is wrong: ${faults[0]?.message}`,
    { hint: 'See /v1/openapi.json', details: { faults } },
  );
}

function auditOf(
  route: Route,
  request: FastifyRequest,
  actor: Actor,
  atMs: number,
  told: Change | undefined,
): AuditEvent {
  const { body } = request;
  const asked = body !== null && typeof body === 'object' ? { asked: body } : {};
  const change = redact({ ...asked, ...told }) as object;
  return {
    kind: 'audit',
    atMs,
    who: actor.name,
    action: route.id,
    target: Object.values((request.params ?? {}) as Record<string, string>).join('/'),
    status: route.reply === undefined ? 204 : 200,
    requestId: request.id,
    ...(Object.keys(change).length === 0 ? {} : { change }),
  };
}
