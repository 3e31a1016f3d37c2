// Shapes of the history: revisions, snapshots, and what is said of a change of the configuration.
import { z } from 'zod';
import { OBJECT_KINDS, REVISION_STATES } from '../../engine/config-port.ts';
import { planShape } from './schemas.ts';

const text = z.string();
const count = z.number().int().nonnegative();
const millis = z.number().nonnegative();

export const outcomeShape = z.strictObject({
  state: z
    .enum(REVISION_STATES)
    .describe('held: guards hold a part of it; replaced: a newer one came before its own round'),
  plan: z
    .strictObject({ add: count, change: count, remove: count, adopt: count })
    .optional()
    .describe('steps of its plan by verb; absent until it was planned'),
  applied: count.optional(),
  failed: count.optional(),
  held: count.optional(),
  message: text.optional(),
});

const info = {
  number: count,
  atMs: millis,
  author: text,
  reason: text,
  hash: text,
  outcome: outcomeShape,
};

export const revisionShape = z.strictObject({ ...info, running: z.boolean() });

const hidden = text
  .optional()
  .describe('something of it is not shown; differs where that does, until the daemon starts anew');

export const revisionContentShape = z.strictObject({
  ...info,
  running: z.boolean(),
  files: z.array(z.strictObject({ file: text, role: z.enum(['main', 'included']), text, hidden })),
  objects: z.array(
    z.strictObject({
      kind: z.enum(OBJECT_KINDS),
      name: text,
      spec: z.looseObject({}),
      author: text,
      atMs: millis,
      hidden,
    }),
  ),
});

export const revisionsShape = z.strictObject({
  items: z.array(revisionShape),
  total: count,
  next: count.optional().describe('give it as "before" for the next page'),
});

export const revisionsQuery = z.strictObject({
  last: z.coerce.number().int().min(1).max(1000).default(100),
  before: z.coerce.number().int().min(1).optional().describe('only revisions before this one'),
});

const number = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
export const revisionParams = z.strictObject({ revision: number });
export const snapshotName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1-64 letters, digits, ".", "_" and "-"');
export const snapshotParams = z.strictObject({ snapshot: snapshotName });

const reason = z.string().min(1).max(500).describe('stands in the history');
const within = z
  .string()
  .max(32)
  .describe('undone by itself after this long, such as "60s", unless confirmed');

/** Said of every change of the configuration; as a body, or as the query of a write of objects. */
export const changeRequest = z.strictObject({
  reason: reason.optional(),
  force: z.boolean().optional().describe('apply what guards would hold, too'),
  confirm_within: within.optional(),
});
export const reloadRequest = changeRequest.extend({
  unpin: z.boolean().optional().describe('take the files on disk though a rollback put others in force'),
});
export const snapshotRequest = z.strictObject({
  name: snapshotName,
  revision: number.optional().describe('default: the one in force'),
  reason: reason.optional(),
});
export const planRequest = z
  .strictObject({
    revision: number.optional().describe('what going back to it would do'),
    snapshot: snapshotName.optional(),
    files: z.literal(true).optional().describe('what a reload would do'),
  })
  .refine((one) => Object.values(one).filter((value) => value !== undefined).length === 1, {
    message: 'must name exactly one of "revision", "snapshot" and "files"',
  });

export const plannedShape = z.strictObject({
  hash: text,
  plan: planShape,
  diagnostics: z.array(z.looseObject({})),
});
export const restoredShape = z.strictObject({ revision: count });
export const snapshotShape = z.strictObject({
  name: text,
  revision: count,
  atMs: millis,
  author: text,
  reason: text,
});
export const confirmedShape = z.strictObject({ confirmed: z.boolean() });
