// What was begun with "?async=true": whether it runs, and what came of it.
import { z } from 'zod';
import { InputError } from '../../model/errors.ts';
import { type Route, route } from './route.ts';
import { operationShape } from './schemas.ts';

const params = z.strictObject({ operation: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

export const operationRoutes: readonly Route[] = [
  route('GET', '/v1/operations', {
    id: 'listOperations',
    summary: 'The last operations, newest last; those of before a restart are forgotten',
    tag: 'operate',
    reply: z.strictObject({ items: z.array(operationShape) }),
    handle: (_, { operations }) => ({ items: operations.list() }),
  }),
  route('GET', '/v1/operations/{operation}', {
    id: 'getOperation',
    summary: 'One operation: running until its deadline at most, then done or failed',
    tag: 'operate',
    shapes: { params },
    reply: operationShape,
    handle: ({ params: { operation } }, { operations }) => {
      const found = operations.get(operation);
      if (found !== undefined) return found;
      throw new InputError('NOT_FOUND', `Cannot find operation ${operation}`, {
        hint: 'GET /v1/operations lists them; the last 256 are kept',
      });
    },
  }),
];
