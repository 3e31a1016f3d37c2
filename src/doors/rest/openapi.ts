// The OpenAPI 3.1 document, made from the routes and their shapes. Pure; docs/reference/openapi.json is its committed form.
import { z } from 'zod';
import { objectJsonSchema, sharedJsonSchemas } from '../../config/schema/json-schema.ts';
import type { Route } from './route.ts';
import { ROUTES } from './routes.ts';
import { operationShape, problemShape } from './schemas.ts';

type Json = Record<string, unknown>;

export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const one of ROUTES) {
    paths[one.path] ??= {};
    paths[one.path]![one.method.toLowerCase()] = operationOf(one);
  }
  paths['/v1/events/watch'] = { get: watchOperation() };
  return {
    openapi: '3.1.0',
    info: {
      title: 'lbctl',
      version: '1',
      description:
        'What a running daemon tells and takes. Over the unix socket the file mode says who may; over TCP a client certificate or a token says who asks, and "x-role" of each operation who may. Objects of the configuration files are read-only here unless the files say otherwise; those made here live in state.db.',
    },
    paths: Object.fromEntries(Object.entries(paths).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: { Problem: schemaOf(problemShape, 'output'), ...specSchemas() },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer' },
        certificate: { type: 'mutualTLS' },
      },
    },
    security: [{}, { token: [] }, { certificate: [] }],
  };
}

function operationOf(one: Route): Json {
  const { params, query, body } = one.shapes;
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')];
  if (one.conditional)
    parameters.push({
      name: 'If-Match',
      in: 'header',
      required: false,
      description: 'the ETag of the object as it was read, or "*"',
      schema: { type: 'string' },
    });
  if (one.etag && one.method === 'GET')
    parameters.push({ name: 'If-None-Match', in: 'header', required: false, schema: { type: 'string' } });
  const etag = { ETag: { schema: { type: 'string' } } };
  const good =
    one.reply === undefined
      ? { 204: { description: 'Done' } }
      : {
          200: {
            description: 'Done',
            ...(one.etag ? { headers: etag } : {}),
            content: { 'application/json': { schema: schemaOf(one.reply, 'output') } },
          },
          ...(one.etag && one.method === 'GET' ? { 304: { description: 'As the caller knows it' } } : {}),
        };
  return {
    operationId: one.id,
    summary: one.summary,
    tags: [one.tag],
    'x-role': one.role,
    'x-projects': one.projects,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: !body.safeParse(undefined).success,
            content: { 'application/json': { schema: bodySchema(one, body) } },
          },
        }),
    responses: { ...good, ...(one.long ? begun() : {}), default: problemResponse() },
  };
}

const COMPONENTS = '#/components/schemas/';

/** The keys an object may have, as the configuration language says; a patch needs none of them. */
function bodySchema({ spec }: Route, body: z.ZodType): unknown {
  if (spec === undefined) return schemaOf(body, 'input');
  const { required: _, ...whole } = inComponents(objectJsonSchema(spec.of)) as Json;
  return spec.part ? whole : inComponents(objectJsonSchema(spec.of));
}

function specSchemas(): Json {
  return inComponents(sharedJsonSchemas()) as Json;
}

/** What refers to `$defs` of the configuration schema refers to the components of this document. */
function inComponents(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inComponents);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === '$ref' && typeof inner === 'string'
        ? inner.replace('#/$defs/', COMPONENTS)
        : inComponents(inner),
    ]),
  );
}

function begun(): Json {
  return {
    202: {
      description: 'Begun; "Location" names the operation',
      content: { 'application/json': { schema: schemaOf(operationShape, 'output') } },
    },
  };
}

function problemResponse(): Json {
  return {
    description: 'A problem, with a code of docs/reference/errors.md',
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  };
}

function watchOperation(): Json {
  return {
    operationId: 'watchEvents',
    summary:
      'Events as they happen, as server-sent events; an event "missed" says how many are gone for good',
    tags: ['history'],
    'x-role': 'viewer',
    parameters: [
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        description: 'go on after this event',
        schema: { type: 'string' },
      },
    ],
    responses: {
      200: { description: 'The stream', content: { 'text/event-stream': { schema: { type: 'string' } } } },
      default: problemResponse(),
    },
  };
}

function parametersOf(shape: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (shape === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function schemaOf(shape: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(shape, { io, target: 'draft-2020-12' }) as Json;
  return schema;
}
