// Shapes of configured objects: how they are read, listed, written, and what a write answers.
import { z } from 'zod';
import { OBJECT_KINDS } from '../../engine/config-port.ts';
import { plannedShape } from './history-schemas.ts';
import { addressStatus, listenerStatus, memberShape } from './schemas.ts';

const text = z.string();
const count = z.number().int().nonnegative();

/** The keys of the configuration language; what they may hold the configuration itself says, in one place. */
export const specShape = z.looseObject({});

export const sourceShape = z.union([
  z.strictObject({ kind: z.literal('api'), author: text, atMs: z.number() }),
  z.strictObject({ kind: z.literal('file'), file: text, line: count }),
  z.strictObject({ kind: z.literal('listener'), listener: text }).describe('made by this listener'),
]);

const head = {
  name: text,
  source: sourceShape,
  spec: specShape.optional().describe('as it is written, secrets hidden; absent for what a listener makes'),
};

export const listenerShape = z.strictObject({
  ...head,
  config: z.looseObject({ name: text, protocol: text, pool: text, vips: z.array(text) }),
  status: z.array(listenerStatus),
});
export const poolShape = z.strictObject({
  ...head,
  config: z.looseObject({ name: text }),
  members: z.array(memberShape),
});
export const vipShape = z.strictObject({
  ...head,
  config: z.looseObject({ name: text, address: text }),
  status: addressStatus.optional(),
});
export const certificateShape = z.strictObject({ ...head, config: z.looseObject({ name: text }) });
export const checksShape = z.strictObject({ checks: z.array(z.looseObject({ type: text })) });

export const SHAPES = {
  listener: listenerShape,
  pool: poolShape,
  vip: vipShape,
  certificate: certificateShape,
} as const;

/** Also what `?dry_run=true` answers: the plan and nothing else. */
export function writtenShape(shape: z.ZodObject): z.ZodType {
  return z.union([
    shape.extend({ revision: count.describe('which the change became part of') }),
    plannedShape,
  ]);
}

export const removedShape = z.union([
  z.strictObject({
    revision: count,
    removed: z.array(z.strictObject({ kind: z.enum(OBJECT_KINDS), name: text })),
  }),
  plannedShape,
]);

const flag = z.enum(['true', 'false']);

/** Said of every write of an object. */
export const writeQuery = z.strictObject({
  dry_run: flag.optional().describe('"true" answers the plan, and changes nothing'),
  force: flag.optional().describe('"true" applies what guards would hold'),
  reason: z.string().min(1).max(500).optional().describe('stands in the history'),
  confirm_within: z
    .string()
    .max(32)
    .optional()
    .describe('undone by itself after this long, such as "60s", unless confirmed'),
});
export type WriteQuery = z.output<typeof writeQuery>;

export const removeQuery = writeQuery.extend({
  cascade: flag
    .optional()
    .describe('"true" takes away what refers to it too; of a listener, the pool and VIPs nobody else uses'),
});

const name = z.string().min(1).max(256);

/** What a list of these may be asked for; a key that none of them has would give empty objects. */
export function listQuery(
  of: z.ZodObject,
  sortable: readonly string[],
  filters: Readonly<Record<string, z.ZodType>> = {},
) {
  const words = sortable.flatMap((word) => [word, `-${word}`]);
  const keys = Object.keys(of.shape);
  const key = `(${keys.join('|')})`;
  return z.strictObject({
    limit: z.coerce.number().int().min(1).max(10_000).default(1000),
    after: z.string().max(1024).optional().describe('where the page before ended: its "next"'),
    name: z.string().max(256).optional().describe('only names that contain this'),
    sort: z
      .enum(words as [string, ...string[]])
      .optional()
      .describe('by this; with "-" the other way round'),
    project: z.string().max(64).optional().describe('only what belongs to this project'),
    fields: z
      .string()
      .regex(new RegExp(`^${key}(,${key})*$`), `expected one or more of ${keys.join(', ')}`)
      .max(200)
      .optional()
      .describe('only these keys of each object, separated by commas'),
    ...filters,
  });
}

export const sourceFilter = { source: z.enum(['api', 'file', 'listener']).optional() };
export const nameParams = { listener: name, pool: name, vip: name, certificate: name };

export const membersRequest = z.strictObject({ members: z.array(specShape).max(65_536) });
export const checksRequest = z.strictObject({ checks: z.array(specShape).max(64) });

export const objectsRequest = z.strictObject({
  objects: z
    .array(z.strictObject({ kind: z.enum(OBJECT_KINDS), spec: specShape }))
    .max(100_000)
    .default([])
    .describe('each is made, or replaces the one of its name'),
  delete: z
    .array(z.strictObject({ kind: z.enum(OBJECT_KINDS), name }))
    .max(100_000)
    .default([]),
});

export const exportedShape = z.strictObject({
  objects: z.array(z.strictObject({ kind: z.enum(OBJECT_KINDS), spec: specShape, source: sourceShape })),
});
