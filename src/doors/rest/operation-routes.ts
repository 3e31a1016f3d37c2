// What was begun with "?async=true": whether it runs, and what came of it.
import { z } from 'zod';
import { InputError } from '../../model/errors.ts';
import type { Operation, Operations } from './operations.ts';
import { type Route, route } from './route.ts';
import { operationShape } from './schemas.ts';

const params = z.strictObject({ operation: z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER) });

function operationOf(number: number, operations: Operations): Operation {
  const found = operations.get(number);
  if (found !== undefined) return found;
  throw new InputError('NOT_FOUND', `Cannot find operation ${number}`, {
    hint: 'GET /v1/operations lists the last 256 since the daemon was started; "lbctl history" tells what came of older ones',
  });
}

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
    summary: 'One operation: running until its deadline at most, then done, failed or cancelled',
    tag: 'operate',
    shapes: { params },
    reply: operationShape,
    handle: ({ params: { operation } }, { operations }) => operationOf(operation, operations),
  }),
  route('DELETE', '/v1/operations/{operation}', {
    id: 'cancelOperation',
    summary: 'Call off an operation that still waits for its turn; 409 when it has begun or ended',
    tag: 'operate',
    shapes: { params },
    reply: operationShape,
    handle: ({ params: { operation } }, { operations, tellChange }) => {
      const before = operationOf(operation, operations);
      tellChange({ before });
      const after = operations.cancel(before);
      tellChange({ before, after });
      return after;
    },
  }),
];
