// Members and checks of one pool, wherever its spec stands: in the pool, or in the listener that holds it.
import { z } from 'zod';
import type { ConfigObject, ObjectView, Spec } from '../../engine/config-port.ts';
import { hideSpec, unhideSpec } from '../../engine/hide-spec.ts';
import { canonicalIp, isIp } from '../../lib/ip.ts';
import { InputError } from '../../model/errors.ts';
import { endpointKey, memberKey } from '../../model/keys.ts';
import type { Pool } from '../../model/pool.ts';
import { mergePatch, requireMatch, requireObject, requireWritable, type Target } from './object-edits.ts';
import {
  checksRequest,
  checksShape,
  listQuery,
  membersRequest,
  nameParams,
  specShape,
  writeQuery,
  writtenShape,
} from './object-schemas.ts';
import { write, writtenBy } from './object-writes.ts';
import { type Entry, pageOf } from './page.ts';
import { requireRights } from './rights.ts';
import { Answer, type Route, type RouteContext, route } from './route.ts';
import { memberShape, pageOf as pageShape } from './schemas.ts';
import { configView, requirePool, visibleNames } from './scope.ts';
import { MemberRows, requireIntent } from './views.ts';

type MemberView = ReturnType<MemberRows['view']>;

const poolParams = z.strictObject({ pool: nameParams.pool });
const memberParams = z.strictObject({ pool: nameParams.pool, member: z.string().min(1).max(256) });
const SORT = {
  address: (one: MemberView) => one.address,
  weight: (one: MemberView) => one.weight,
  health: (one: MemberView) => one.health,
};
const memberQuery = listQuery(memberShape, ['name', ...Object.keys(SORT)], {
  health: z.enum(['unknown', 'up', 'down']).optional(),
});

function poolOf(name: string, context: RouteContext): Pool {
  const pool = requireIntent(context.control).pools.get(name);
  requirePool(name, context);
  if (pool !== undefined) return pool;
  throw new InputError('NOT_FOUND', `Cannot find pool "${name}" in the configuration`, {
    hint: 'GET /v1/pools lists them',
  });
}

/** Where the members of a pool are written. */
function holderOf(view: Pick<ObjectView, 'get'>, pool: string): ConfigObject {
  const found = requireObject(view, { kind: 'pool', name: pool });
  if (found.source.kind !== 'listener') return found;
  return requireObject(view, { kind: 'listener', name: found.source.listener });
}

function poolTag(pool: string, context: RouteContext): string {
  return holderOf(configView(context), pool).tag;
}

function membersOf(pools: readonly Pool[], rows: MemberRows): Entry<MemberView>[] {
  return pools.flatMap((pool) =>
    pool.members.map((member): Entry<MemberView> => {
      let made: MemberView | undefined;
      return {
        name: memberKey(pool.name, member.name),
        make() {
          made ??= rows.view(pool, member);
          return made;
        },
      };
    }),
  );
}

function listMembers(
  query: z.output<typeof memberQuery>,
  pools: readonly Pool[],
  control: RouteContext['control'],
) {
  const { health, project: _, ...page } = query as typeof query & { health?: string };
  const rows = new MemberRows(control, requireIntent(control));
  const matches = health === undefined ? undefined : (one: MemberView) => one.health === health;
  return pageOf(membersOf(pools, rows), page, SORT, matches);
}

/** As the decoder names a member that has no name of its own. */
function nameOf(spec: Spec): string {
  if (typeof spec.name === 'string') return spec.name;
  const written = String(spec.address);
  const address = isIp(written) ? canonicalIp(written) : written;
  const port = Number(spec.port ?? 0);
  return port === 0 ? address : endpointKey(address, port);
}

function specsOf(holder: Spec | undefined): readonly Spec[] {
  return Array.isArray(holder?.members) ? (holder.members as Spec[]) : [];
}

function memberView({ pool, member }: { pool: string; member: string }, context: RouteContext) {
  const { control } = context;
  const intent = requireIntent(control);
  const found = poolOf(pool, context).members.find((one) => one.name === member);
  if (found === undefined)
    throw new InputError('NOT_FOUND', `Cannot find member "${member}" in pool "${pool}"`, {
      hint: `GET /v1/pools/${pool}/members lists them`,
    });
  return new MemberRows(control, intent).view(poolOf(pool, context), found);
}

/** Changes one key of the spec that holds the pool; a single member needs no "If-Match" of the whole pool. */
function editPool(
  view: ObjectView,
  pool: string,
  key: string,
  make: (before: unknown) => unknown,
  rules: Parameters<typeof requireWritable>[1],
  match: { readonly ifMatch: string | undefined } | undefined,
) {
  const holder = holderOf(view, pool);
  const { kind, name }: Target = holder;
  requireWritable(holder, rules);
  if (match !== undefined) requireMatch(match.ifMatch, holder.tag, `pool "${pool}"`);
  const before = view.raw(kind, name) ?? { name };
  // What was read hidden comes back so.
  return [{ kind, name, spec: { ...before, [key]: unhideSpec(make(before[key]), before[key]) } }];
}

export const memberRoutes: readonly Route[] = [
  route('GET', '/v1/members', {
    id: 'listMembers',
    summary: 'Members of all pools: health, weight in the data plane, reason, override',
    tag: 'objects',
    projects: true,
    shapes: { query: memberQuery },
    reply: pageShape(memberShape),
    etag: true,
    handle: ({ query }, context) => {
      const { pools } = requireIntent(context.control);
      const names = visibleNames('pool', pools.keys(), context, query.project);
      return listMembers(
        query,
        names.flatMap((name) => pools.get(name) ?? []),
        context.control,
      );
    },
  }),
  route('GET', '/v1/pools/{pool}/members', {
    id: 'listPoolMembers',
    summary: 'Members of one pool: health, weight in the data plane, reason, override',
    tag: 'objects',
    projects: true,
    shapes: { params: poolParams, query: memberQuery },
    reply: pageShape(memberShape),
    etag: true,
    handle: ({ params, query }, context) => {
      const pool = poolOf(params.pool, context);
      const page = listMembers(query, [pool], context.control);
      return new Answer(page, { tag: poolTag(params.pool, context) });
    },
  }),
  route('PUT', '/v1/pools/{pool}/members', {
    id: 'replaceMembers',
    summary: 'All members of a pool at once; who stays keeps its flows and health',
    tag: 'objects',
    projects: true,
    conditional: true,
    etag: true,
    shapes: { params: poolParams, query: writeQuery, body: membersRequest },
    reply: writtenShape(z.strictObject({ members: z.array(memberShape) })),
    handle: ({ params: { pool }, query, body }, context) => {
      requireRights(context.actor, body);
      const answer = writtenBy((now) => {
        const intent = requireIntent(now.control);
        const rows = new MemberRows(now.control, intent);
        const found = poolOf(pool, now);
        const members = found.members.map((member) => rows.view(found, member));
        return { view: { members }, tag: poolTag(pool, now) };
      }, 200);
      return write({ query, context, reason: `replace members of pool ${pool}`, answer }, (view, rules) =>
        editPool(view, pool, 'members', () => body.members, rules, { ifMatch: context.ifMatch }),
      );
    },
  }),
  route('POST', '/v1/pools/{pool}/members', {
    id: 'createMember',
    summary: 'Add one member to a pool',
    tag: 'objects',
    projects: true,
    shapes: { params: poolParams, query: writeQuery, body: specShape },
    reply: writtenShape(memberShape),
    spec: { of: 'member', part: false },
    handle: ({ params: { pool }, query, body }, context) => {
      requireRights(context.actor, body);
      const member = nameOf(body);
      const answer = writtenBy((now) => ({ view: memberView({ pool, member }, now), tag: '' }), 201);
      return write({ query, context, reason: `create member ${pool}/${member}`, answer }, (view, rules) =>
        editPool(
          view,
          pool,
          'members',
          (before) => {
            const members = specsOf({ members: before });
            if (!members.some((one) => nameOf(one) === member)) return [...members, body];
            throw new InputError('OBJECT_EXISTS', `Cannot create member "${pool}/${member}" as there is one`);
          },
          rules,
          undefined,
        ),
      );
    },
  }),
  route('GET', '/v1/pools/{pool}/members/{member}', {
    id: 'getMember',
    summary: 'One member: health, weight in the data plane, reason, override',
    tag: 'objects',
    projects: true,
    shapes: { params: memberParams },
    reply: memberShape,
    etag: true,
    handle: ({ params }, context) => memberView(params, context),
  }),
  route('PATCH', '/v1/pools/{pool}/members/{member}', {
    id: 'changeMember',
    summary: 'Change some keys of a member: a merge patch (RFC 7396), null takes a key away',
    tag: 'objects',
    projects: true,
    shapes: { params: memberParams, query: writeQuery, body: specShape },
    reply: writtenShape(memberShape),
    spec: { of: 'member', part: true },
    handle: ({ params, query, body }, context) => {
      requireRights(context.actor, body);
      const { pool, member } = params;
      const after = typeof body.name === 'string' ? body.name : member;
      const answer = writtenBy((now) => ({ view: memberView({ pool, member: after }, now), tag: '' }), 200);
      return write({ query, context, reason: `change member ${pool}/${member}`, answer }, (view, rules) =>
        editPool(view, pool, 'members', (before) => withMember(before, params, body), rules, undefined),
      );
    },
  }),
  route('DELETE', '/v1/pools/{pool}/members/{member}', {
    id: 'deleteMember',
    summary: 'Take a member out of a pool; its flows are given the time of "drain"',
    tag: 'objects',
    projects: true,
    shapes: { params: memberParams, query: writeQuery },
    reply: writtenShape(z.strictObject({})),
    handle: ({ params, query }, context) => {
      const reason = `delete member ${params.pool}/${params.member}`;
      return write({ query, context, reason, answer: (revision) => ({ revision }) }, (view, rules) =>
        editPool(view, params.pool, 'members', (before) => withMember(before, params), rules, undefined),
      );
    },
  }),
  route('GET', '/v1/pools/{pool}/checks', {
    id: 'getChecks',
    summary: 'The health checks of a pool, with every default',
    tag: 'objects',
    projects: true,
    shapes: { params: poolParams },
    reply: checksShape,
    etag: true,
    handle: ({ params }, context) => {
      const { checks } = poolOf(params.pool, context);
      return new Answer(hideSpec({ checks }), { tag: poolTag(params.pool, context) });
    },
  }),
  route('PUT', '/v1/pools/{pool}/checks', {
    id: 'replaceChecks',
    summary: 'The health checks of a pool, in the configuration language',
    tag: 'objects',
    projects: true,
    conditional: true,
    etag: true,
    shapes: { params: poolParams, query: writeQuery, body: checksRequest },
    reply: writtenShape(checksShape),
    handle: ({ params: { pool }, query, body }, context) => {
      requireRights(context.actor, body);
      const answer = writtenBy((now) => {
        const { checks } = poolOf(pool, now);
        return { view: hideSpec({ checks }), tag: poolTag(pool, now) };
      }, 200);
      return write({ query, context, reason: `replace checks of pool ${pool}`, answer }, (view, rules) =>
        editPool(view, pool, 'health', () => body.checks, rules, { ifMatch: context.ifMatch }),
      );
    },
  }),
];

/** Merged where a patch is given, else taken out. */
function withMember(
  before: unknown,
  { pool, member }: { readonly pool: string; readonly member: string },
  patch?: Spec,
): readonly unknown[] {
  const members = specsOf({ members: before });
  const at = members.findIndex((one) => nameOf(one) === member);
  if (at === -1) throw new InputError('NOT_FOUND', `Cannot find member "${member}" in pool "${pool}"`);
  return patch === undefined
    ? members.toSpliced(at, 1)
    : members.with(at, mergePatch(members[at], patch) as Spec);
}
