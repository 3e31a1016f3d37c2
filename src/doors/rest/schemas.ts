// Shapes of what the API gives and takes. OpenAPI is made from them, and tests hold every answer to them.
import { z } from 'zod';
import { REFUSALS } from '../../model/driver.ts';
import { MEMBER_HEALTH } from '../../model/facts.ts';
import { LOG_LEVELS } from '../../model/settings.ts';
import { CONDITIONS } from '../../model/status.ts';
import { OPERATION_STATES } from './operations.ts';

const text = z.string();
const count = z.number().int().nonnegative();
const millis = z.number().nonnegative().describe('milliseconds; a wall clock time counts from 1970');
/** A 64 bit number as decimal text: JSON numbers are exact only up to 2^53. */
const big = z.string().regex(/^\d+$/);
const open = z.looseObject({});

export const errorShape = z.strictObject({
  code: text,
  message: text,
  hint: text,
  retry: z.enum(['never', 'on-change', 'backoff']),
  details: open,
});

export const problemShape = z.strictObject({
  type: text,
  title: text,
  status: count,
  detail: text,
  code: text.describe('of docs/reference/errors.md'),
  hint: text,
  retry: z.enum(['never', 'on-change', 'backoff']),
  instance: text,
  requestId: text,
  details: open.optional(),
});

const itemError = z.strictObject({
  key: text,
  step: text,
  error: errorShape,
  attempts: count,
  nextTryMs: millis.optional(),
});

const answerTimes = z
  .strictObject({
    count,
    meanMs: millis,
    p50Ms: millis.describe('upper bound of the bucket in which half of them are'),
    p99Ms: millis,
    maxMs: millis,
    histogram: z
      .array(z.strictObject({ upToMs: millis.optional(), count }))
      .describe('buckets that are not empty; the last, without a bound, holds the rest'),
  })
  .describe('how long the answers of its checks took, since the daemon began to ask');

const memberStatus = z.strictObject({
  key: text,
  name: text,
  weight: count,
  effectiveWeight: z.number().nonnegative(),
  observedWeight: z.number().optional().describe('in the data plane; absent where it has no row'),
  health: z.enum(MEMBER_HEALTH),
  reason: text.describe('of docs/reference/reasons.md'),
  sinceMs: millis.optional(),
  lastError: text.optional(),
  answers: answerTimes.optional(),
});

export const listenerStatus = z.strictObject({
  key: text,
  name: text,
  engine: text,
  engineReason: text,
  mode: text,
  condition: z.enum(CONDITIONS),
  reason: text,
  members: z.array(memberStatus),
  rulePools: z
    .array(z.strictObject({ pool: text, members: z.array(memberStatus) }))
    .optional()
    .describe('pools that its rules send to'),
  errors: z.array(itemError),
});

export const addressStatus = z.strictObject({
  key: text,
  vip: text,
  wanted: z.boolean(),
  observed: z.boolean(),
  role: text,
  reason: text,
});

export const statusShape = z.strictObject({
  node: text,
  condition: z.enum(CONDITIONS),
  configHash: text,
  configError: text.optional(),
  troubles: z
    .array(z.strictObject({ message: text, cure: text }))
    .optional()
    .describe('what the daemon itself cannot do as it is configured'),
  running: z
    .strictObject({
      revision: count.optional(),
      pinned: z
        .strictObject({ revision: count, atMs: millis })
        .optional()
        .describe('files of an older revision are in force, not those on disk, until these are changed'),
      trial: z
        .strictObject({ revision: count, previous: count, untilMs: millis })
        .optional()
        .describe('undone at "untilMs" unless confirmed'),
    })
    .optional(),
  listeners: z.array(listenerStatus),
  addresses: z.array(addressStatus),
  errors: z.array(itemError),
  round: z
    .strictObject({
      number: count,
      why: text,
      startedMs: millis,
      durationMs: millis,
      steps: count,
      failed: count,
      held: count,
      driftRepaired: count,
    })
    .optional(),
});

export const overrideShape = z.strictObject({
  state: z.enum(['drain', 'down', 'up']),
  untilMs: millis.optional(),
  by: text,
  why: text.optional(),
});

export const overrideRequest = z.strictObject({
  state: z.enum(['drain', 'down', 'up']),
  for: z
    .string()
    .max(32)
    .optional()
    .describe('how long, such as "2m"; a drained member is down after that, another state ends'),
  why: z.string().max(500).optional(),
});

export const logLevelRequest = z.strictObject({ level: z.enum(LOG_LEVELS) });

export const memberShape = z.strictObject({
  key: text.describe('POOL/MEMBER'),
  pool: text,
  name: text,
  address: text,
  port: count,
  weight: count.describe('configured'),
  backup: z.boolean(),
  health: z.enum(MEMBER_HEALTH),
  sinceMs: millis.optional(),
  lastError: text.optional(),
  override: overrideShape.optional(),
  answers: answerTimes.optional(),
  listeners: z.array(
    z.strictObject({
      listener: text,
      key: text,
      effectiveWeight: z.number().nonnegative(),
      observedWeight: z.number().optional(),
      reason: text,
      sinceMs: millis.optional(),
    }),
  ),
});

export function pageOf(item: z.ZodType) {
  return z.strictObject({
    items: z.array(item),
    total: count,
    next: text.optional().describe('give it as "after" for the next page'),
  });
}

export const lastQuery = z.strictObject({ last: z.coerce.number().int().min(1).max(2048).default(100) });

export const healthShape = z.strictObject({
  members: z.record(
    text,
    z.strictObject({
      state: z.enum(MEMBER_HEALTH),
      factor: z.number(),
      dynamicWeight: z.number().optional(),
      ramp: z.number(),
      sinceMs: millis,
      lastError: text.optional(),
    }),
  ),
  roles: z.record(text, z.strictObject({ role: text, epoch: count, reason: text })),
  overrides: z.record(text, overrideShape),
});

export const roundShape = z.strictObject({
  number: count,
  why: text,
  startedMs: millis,
  durationMs: millis,
  configHash: text,
  applied: z.array(text),
  appliedCount: count,
  failed: z.array(z.strictObject({ step: text, message: text })),
  failedCount: count,
  heldCount: count,
});

export const eventShape = z.strictObject({
  id: text,
  event: z.looseObject({ kind: text, atMs: millis }),
});

export const checksShape = z.strictObject({
  boundsMs: z.array(z.number()).describe('upper bounds of the buckets; one more bucket holds the rest'),
  checks: z.array(
    z.strictObject({
      type: text,
      members: z.array(text).describe('POOL/MEMBER of all that share the check'),
      count,
      sumMs: z.number(),
      buckets: z.array(count).describe('counts by bucket, not added up'),
    }),
  ),
});

export const statsShape = z.strictObject({
  atMs: millis,
  drivers: z.record(
    text,
    z.array(
      z.strictObject({
        key: text,
        connections: big,
        activeConnections: count,
        inactiveConnections: count,
        packetsIn: big,
        packetsOut: big,
        bytesIn: big,
        bytesOut: big,
        refused: z
          .partialRecord(z.enum(REFUSALS), big)
          .optional()
          .describe('what a proxied listener refused, by reason; absent where nothing of it is counted'),
      }),
    ),
  ),
});

export const dataPlanesShape = z.strictObject({
  drivers: z.record(
    text,
    z.strictObject({
      interfaces: z.array(
        z.strictObject({
          name: text,
          mode: text.optional().describe('native or generic; absent while it is not attached'),
          error: text.optional().describe('why it is not attached'),
        }),
      ),
      tables: z.array(z.strictObject({ name: text, used: count, capacity: count })),
      reasons: z.array(z.strictObject({ reason: text, meaning: text, packets: big })),
      notes: z.array(text),
      certificates: z
        .array(z.strictObject({ name: text, untilMs: millis }))
        .optional()
        .describe('those that are loaded, and when each ends'),
    }),
  ),
});

export const planShape = z.looseObject({
  version: z.literal(1),
  summary: z.looseObject({ add: count, change: count, remove: count, held: count }),
  steps: z.array(z.looseObject({ id: text, driver: text, verb: text, held: z.boolean() })),
});
export const worldShape = z.looseObject({
  addresses: z.array(z.looseObject({ key: text })),
  listeners: z.array(z.looseObject({ key: text, name: text })),
  unplaced: z.array(open),
});

export const reloadShape = z.strictObject({
  ok: z.literal(true),
  hash: text.optional(),
  revision: count.optional().describe('absent where the history could not be written'),
  diagnostics: z.array(open),
  waiting: z
    .strictObject({
      held: count.describe('steps that guards hold until they are confirmed'),
      guards: z.array(text).describe('what the guards say'),
      draining: count.describe('members that left and still serve'),
      drainedByMs: millis.optional().describe('when the last of them goes'),
    })
    .optional()
    .describe('what is not done yet; absent where all is'),
});
export const versionShape = z.strictObject({
  version: text,
  api: z.literal('v1'),
  node: text.optional().describe('name of this node; absent before a configuration was accepted'),
  startedMs: millis,
});
export const aliveShape = z.strictObject({
  status: z.enum(['ok', 'failing']),
  why: text.optional(),
  condition: z.enum(CONDITIONS).optional(),
});

export const operationShape = z.strictObject({
  number: count,
  action: text.describe('the id of what was begun'),
  author: text,
  state: z.enum(OPERATION_STATES),
  startedMs: millis,
  deadlineMs: millis.describe('failed with TIMEOUT when nothing has come of it by then'),
  endedMs: millis.optional(),
  result: z.unknown().optional().describe('what the action answers'),
  problem: problemShape.optional(),
});
