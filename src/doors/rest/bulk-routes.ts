// Many objects in one request: all of them or none, as one revision; and everything the API holds, to be kept elsewhere.
import { z } from 'zod';
import { OBJECT_KINDS, type ObjectEdit } from '../../engine/config-port.ts';
import { InputError } from '../../model/errors.ts';
import { requireObject, requireWritable } from './object-edits.ts';
import { exportedShape, objectsRequest, removedShape, sourceFilter, writeQuery } from './object-schemas.ts';
import { write } from './object-writes.ts';
import { requireRights } from './rights.ts';
import { type Route, route } from './route.ts';
import { isInScope } from './scope.ts';

export const bulkRoutes: readonly Route[] = [
  route('GET', '/v1/objects', {
    id: 'exportObjects',
    summary: 'Every object as it is written, secrets hidden; "source=api" for what the API holds',
    tag: 'objects',
    projects: true,
    shapes: { query: z.strictObject(sourceFilter) },
    reply: exportedShape,
    handle: ({ query }, { control, actor }) => ({
      objects: OBJECT_KINDS.flatMap((kind) =>
        control.config.objects(kind).flatMap((object) => {
          const { spec, source } = object;
          if (spec === undefined || !isInScope(actor, object)) return [];
          if (query.source !== undefined && query.source !== source.kind) return [];
          return [{ kind, spec, source }];
        }),
      ),
    }),
  }),
  route('POST', '/v1/objects', {
    id: 'writeObjects',
    summary: 'Make, replace and take away many objects at once: all or none, one revision',
    tag: 'objects',
    projects: true,
    shapes: { query: writeQuery, body: objectsRequest },
    reply: removedShape,
    handle: ({ query, body }, context) => {
      for (const { kind, spec } of body.objects) requireRights(context.actor, spec, kind);
      const reason = `write ${body.objects.length} objects, delete ${body.delete.length}`;
      const answer = (revision: number) => ({ revision, removed: body.delete });
      return write({ query, context, reason, answer }, (view, rules, restore) => {
        const edits: ObjectEdit[] = body.delete.map(({ kind, name }) => {
          requireWritable(requireObject(view, { kind, name }), rules);
          return { kind, name, spec: undefined };
        });
        for (const { kind, spec } of body.objects) {
          const { name } = spec;
          if (typeof name !== 'string')
            throw new InputError('USAGE', `Cannot write a ${kind} without a name`);
          const found = view.get(kind, name);
          if (found !== undefined) requireWritable(found, rules);
          edits.push({ kind, name, spec: restore(view.raw(kind, name), spec) });
        }
        return edits;
      });
    },
  }),
];
