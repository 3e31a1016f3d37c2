// Projects: what each has and may have. Its own callers see theirs; admins of the node set them.
import { z } from 'zod';
import { InputError } from '../../model/errors.ts';
import { QUOTA_KINDS, type QuotaKind } from '../../model/project.ts';
import { type Route, type RouteContext, route } from './route.ts';

const count = z.number().int().nonnegative();
const name = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.:@-]{0,63}$/);
const projectParams = z.strictObject({ project: name });

function eachKind<T extends z.ZodType>(shape: T): Record<QuotaKind, T> {
  return Object.fromEntries(QUOTA_KINDS.map((kind) => [kind, shape])) as Record<QuotaKind, T>;
}

const quotaRequest = z.strictObject(eachKind(count.max(1_000_000).optional()));
const projectShape = z.strictObject({
  project: z.string(),
  used: z.strictObject(eachKind(count)),
  quota: quotaRequest.describe('what is not named is unlimited'),
});
type ProjectView = z.output<typeof projectShape>;

const NOTHING = Object.fromEntries(QUOTA_KINDS.map((kind) => [kind, 0])) as ProjectView['used'];

/** Those that have objects, a quota or a token that is good. */
function projectsOf({ control, access, actor, nowMs }: RouteContext): readonly ProjectView[] {
  const usage = control.config.usage();
  const tokens = access.tokens.list().flatMap(({ project, revokedMs, expiresMs = Infinity }) => {
    return project === undefined || revokedMs !== undefined || expiresMs <= nowMs() ? [] : [project];
  });
  const names = new Set([...usage.keys(), ...access.quotas.list().map(({ project }) => project), ...tokens]);
  const seen = actor.project === undefined ? [...names].sort() : [actor.project];
  return seen.map((project) => ({
    project,
    used: { ...(usage.get(project) ?? NOTHING) },
    quota: { ...access.quotas.of(project) },
  }));
}

function projectOf(wanted: string, context: RouteContext): ProjectView {
  const found = projectsOf(context).find(({ project }) => project === wanted);
  if (found !== undefined) return found;
  throw new InputError('NOT_FOUND', `Cannot find project "${wanted}"`, {
    hint: 'A project is there once it has a quota, a token or an object: GET /v1/quotas lists them',
  });
}

export const quotaRoutes: readonly Route[] = [
  route('GET', '/v1/quotas', {
    id: 'listQuotas',
    summary: 'Projects: what each has, and what it may have',
    tag: 'access',
    projects: true,
    reply: z.strictObject({ items: z.array(projectShape) }),
    handle: (_, context) => ({ items: projectsOf(context) }),
  }),
  route('GET', '/v1/quotas/{project}', {
    id: 'getQuota',
    summary: 'One project: what it has, and what it may have',
    tag: 'access',
    projects: true,
    shapes: { params: projectParams },
    reply: projectShape,
    handle: ({ params }, context) => projectOf(params.project, context),
  }),
  route('PUT', '/v1/quotas/{project}', {
    id: 'setQuota',
    summary: 'How much of each kind a project may have; what is there already stays',
    tag: 'access',
    role: 'admin',
    shapes: { params: projectParams, body: quotaRequest },
    reply: projectShape,
    handle: ({ params: { project }, body }, context) => {
      const { access, tellChange } = context;
      const before = access.quotas.of(project) ?? null;
      access.quotas.set(project, body);
      tellChange({ before, after: body });
      return projectOf(project, context);
    },
  }),
  route('DELETE', '/v1/quotas/{project}', {
    id: 'deleteQuota',
    summary: 'Limit a project no more',
    tag: 'access',
    role: 'admin',
    shapes: { params: projectParams },
    handle: ({ params: { project } }, { access, tellChange }) => {
      const before = access.quotas.of(project);
      if (before === undefined)
        throw new InputError('NOT_FOUND', `Cannot find a quota of project "${project}"`);
      access.quotas.set(project, undefined);
      tellChange({ before, after: null });
    },
  }),
];
