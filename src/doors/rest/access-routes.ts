// Tokens of the API and the audit log: for admins alone.
import { z } from 'zod';
import type { AuditEntry } from '../../model/audit.ts';
import { API_ROLES } from '../../model/settings.ts';
import { readDuration } from './read-duration.ts';
import { type Route, route } from './route.ts';

const text = z.string();
const millis = z.number().nonnegative();
const role = z.enum(API_ROLES);
const nameShape = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,63}$/);
const tokenShape = z.strictObject({
  id: text,
  name: text,
  role,
  project: text.optional(),
  createdMs: millis,
  createdBy: text,
  expiresMs: millis.optional(),
  revokedMs: millis.optional(),
  lastUsedMs: millis.optional().describe('to the minute'),
});
const auditShape: z.ZodType<AuditEntry> = z.strictObject({
  number: z.number().int(),
  hash: text,
  atMs: millis,
  who: text,
  action: text,
  target: text,
  status: z.number().int(),
  requestId: text,
  change: z
    .looseObject({})
    .optional()
    .describe('what was asked, and how it was before and after; no secrets'),
});

const LIFE = { leastMs: 1000, mostMs: 3660 * 86_400_000, like: '"30d" or "12h", or "never"' };
const DEFAULT_EXPIRY = '90d';

function expiryOf(given: string | undefined, nowMs: number): { expiresMs?: number } {
  const words = given ?? DEFAULT_EXPIRY;
  return words === 'never' ? {} : { expiresMs: nowMs + readDuration('expires', words, LIFE) };
}

export const accessRoutes: readonly Route[] = [
  route('GET', '/v1/access', {
    id: 'getAccess',
    summary:
      'How the API can be reached over TCP, until when its certificate is good, and what is wrong with it',
    tag: 'access',
    reply: z.strictObject({
      tcp: z.strictObject({
        wanted: z.boolean(),
        address: text.optional(),
        certificateUntilMs: millis.optional(),
        trouble: text.optional(),
      }),
      auditWaiting: z.number().int().describe('entries of the audit log that the disk did not take yet'),
    }),
    handle: (_, { access, tcp }) => ({ tcp: tcp(), auditWaiting: access.audit.waiting }),
  }),
  route('GET', '/v1/tokens', {
    id: 'listTokens',
    summary: 'Tokens of the API, newest first, without the tokens themselves',
    tag: 'access',
    role: 'admin',
    reply: z.strictObject({ items: z.array(tokenShape) }),
    handle: (_, { access }) => ({ items: access.tokens.list() }),
  }),
  route('POST', '/v1/tokens', {
    id: 'createToken',
    summary: 'Make a token; the answer is the only time it is told',
    tag: 'access',
    role: 'admin',
    shapes: {
      body: z.strictObject({
        name: nameShape,
        role,
        project: nameShape.optional(),
        expires: z
          .string()
          .max(32)
          .optional()
          .describe(`how long it is good: "30d", "never"; ${DEFAULT_EXPIRY} if not said`),
      }),
    },
    reply: z.strictObject({ token: text, info: tokenShape }),
    handle: ({ body }, { access, actor, nowMs, tellChange }) => {
      const { name, role: wanted, project } = body;
      const made = access.tokens.create(
        { name, role: wanted, project, ...expiryOf(body.expires, nowMs()) },
        actor.name,
      );
      tellChange({ after: made.info });
      return made;
    },
  }),
  route('DELETE', '/v1/tokens/{token}', {
    id: 'revokeToken',
    summary: 'End a token at once, by its id',
    tag: 'access',
    role: 'admin',
    shapes: { params: z.strictObject({ token: z.string().min(1).max(64) }) },
    handle: ({ params }, { access, tellChange }) => {
      const before = access.tokens.list().find(({ id }) => id === params.token) ?? null;
      tellChange({ before, after: access.tokens.revoke(params.token) });
    },
  }),
  route('GET', '/v1/audit', {
    id: 'listAudit',
    summary: 'The audit log: who wrote what, with what came of it; the last entries, or those after a number',
    tag: 'access',
    role: 'admin',
    shapes: {
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(10_000).default(100),
        after: z.coerce.number().int().min(0).optional().describe('entries after this number, oldest first'),
        who: z.string().max(256).optional(),
        action: z.string().max(64).optional(),
      }),
    },
    reply: z.strictObject({ items: z.array(auditShape) }),
    handle: ({ query }, { access }) => ({ items: access.audit.list(query) }),
  }),
  route('GET', '/v1/audit/verdict', {
    id: 'verifyAudit',
    summary: 'Whether the chain of the audit log holds from its first to its last entry',
    tag: 'access',
    role: 'admin',
    reply: z.strictObject({
      ok: z.boolean(),
      entries: z.number().int(),
      first: z.number().int().describe('entries before it went as the log was full'),
      head: z.strictObject({ number: z.number().int(), hash: text }),
      fault: z.strictObject({ number: z.number().int(), why: text }).optional(),
    }),
    handle: (_, { access }) => access.audit.verify(),
  }),
];
