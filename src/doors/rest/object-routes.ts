// Configured objects by kind: read with what became of them, listed, made, replaced, merged, taken away.
import { z } from 'zod';
import type { ConfigObject, ObjectKind } from '../../engine/config-port.ts';
import type { Control } from '../../engine/control.ts';
import { hideSpec } from '../../engine/hide-spec.ts';
import { keepText } from '../../lib/stable-json.ts';
import type { Intent } from '../../model/intent.ts';
import type { Pool } from '../../model/pool.ts';
import { LISTENER_PROTOCOLS } from '../../model/protocol.ts';
import { CONDITIONS } from '../../model/status.ts';
import { change, create, mergePatch, remove, replace, requireObject } from './object-edits.ts';
import {
  listQuery,
  nameParams,
  removedShape,
  removeQuery,
  SHAPES,
  sourceFilter,
  specShape,
  writeQuery,
  writtenShape,
} from './object-schemas.ts';
import { type Spec, type WriteContext, write, writtenBy } from './object-writes.ts';
import { type Entry, pageOf, type SortKeys } from './page.ts';
import { requireRights } from './rights.ts';
import { Answer, type Route, type RouteContext, route } from './route.ts';
import { pageOf as pageShape } from './schemas.ts';
import { configView, visibleNames } from './scope.ts';
import { MemberRows, requireIntent, withAnswerTimes } from './views.ts';

type View = Readonly<Record<string, unknown>> & { readonly name: string };

interface Kind {
  readonly kind: ObjectKind;
  readonly title: string;
  readonly names: (intent: Intent) => Iterable<string>;
  readonly view: (name: string, intent: Intent, control: Control, rows: () => MemberRows) => object;
  readonly sort: SortKeys<View>;
  readonly filters: Readonly<Record<string, z.ZodType>>;
  readonly matches: (view: View, filter: Readonly<Record<string, string | undefined>>) => boolean;
}

const KINDS: readonly Kind[] = [
  {
    kind: 'listener',
    title: 'listener',
    names: ({ listeners }) => listeners.keys(),
    view: (name, intent, control) => ({
      config: keepText(intent.listeners.get(name)!),
      status: withAnswerTimes(control.listenerStatus(name), control),
    }),
    sort: {
      protocol: (one) => String((one.config as { protocol: string }).protocol),
      pool: (one) => String((one.config as { pool: string }).pool),
      condition: (one) => (one.status as { condition: string }[])[0]?.condition ?? '',
    },
    filters: {
      protocol: z.enum(LISTENER_PROTOCOLS).optional(),
      pool: z.string().max(256).optional(),
      vip: z.string().max(256).optional(),
      condition: z.enum(CONDITIONS).optional(),
    },
    matches({ config, status }, { protocol, pool, vip, condition }) {
      const mine = config as { protocol: string; pool: string; vips: readonly string[] };
      return (
        (protocol === undefined || mine.protocol === protocol) &&
        (pool === undefined || mine.pool === pool) &&
        (vip === undefined || mine.vips.includes(vip)) &&
        (condition === undefined ||
          (status as { condition: string }[]).some((one) => one.condition === condition))
      );
    },
  },
  {
    kind: 'pool',
    title: 'pool with its members',
    names: ({ pools }) => pools.keys(),
    view(name, intent, _control, rows) {
      const pool = intent.pools.get(name)!;
      return {
        config: hasPlainSecrets(pool) ? hideSpec({ ...pool }) : keepText(pool),
        members: pool.members.map((member) => rows().view(pool, member)),
      };
    },
    sort: { members: (one) => (one.config as Pool).members.length },
    filters: {},
    matches: () => true,
  },
  {
    kind: 'vip',
    title: 'virtual address, and who carries it',
    names: ({ vips }) => vips.keys(),
    view(name, intent, control) {
      const status = control.addressStatus().find((one) => one.vip === name);
      return { config: intent.vips.get(name), ...(status === undefined ? {} : { status }) };
    },
    sort: { address: (one) => String((one.config as { address: string }).address) },
    filters: {},
    matches: () => true,
  },
  {
    kind: 'certificate',
    title: 'certificate; its key is never shown',
    names: ({ certificates }) => certificates.keys(),
    view: (name, intent) => ({ config: intent.certificates.get(name) }),
    sort: {},
    filters: {},
    matches: () => true,
  },
];

function viewOf(
  one: Kind,
  object: ConfigObject,
  { control }: Pick<RouteContext, 'control'>,
  rows?: MemberRows,
) {
  const intent = requireIntent(control);
  const { name, source, spec } = object;
  const made = one.view(name, intent, control, () => rows ?? new MemberRows(control, intent));
  return { name, source, ...(spec === undefined ? {} : { spec: keepText(spec) }), ...made };
}

/** As it stands now: after a write with what was written, before the round that applies it. */
function answer(one: Kind, name: string, context: RouteContext): { view: object; tag: string } {
  const object = requireObject(configView(context), { kind: one.kind, name });
  return { view: viewOf(one, object, context), tag: object.tag };
}

/** What is given to scripts and sent to members is plain text. */
function hasPlainSecrets({ checks, members, quorum }: Pool): boolean {
  if (quorum.onUp !== undefined || quorum.onDown !== undefined) return true;
  const all = [...checks, ...members.flatMap((member) => member.checks ?? [])];
  return all.some((check) => check.type === 'script' || 'requests' in check || 'send' in check);
}

function upper(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}

function routesOf(one: Kind): readonly Route[] {
  const { kind, title } = one;
  const shape = SHAPES[kind];
  const paths = { all: `/v1/${kind}s`, one: `/v1/${kind}s/{${kind}}` };
  const params = z.strictObject({ [kind]: nameParams[kind] });
  const nameOf = (given: unknown): string => (given as Record<string, string>)[kind] ?? '';
  const written = (name: string, status = 200) => writtenBy((context) => answer(one, name, context), status);
  const shared = {
    tag: 'objects',
    projects: true,
    conditional: true,
    etag: true,
    reply: writtenShape(shape),
  };
  return [
    route('GET', paths.all, {
      id: `list${upper(kind)}s`,
      summary: `Every ${title}: as configured, as written and where, as it is`,
      tag: 'objects',
      projects: true,
      shapes: {
        query: listQuery(shape, ['name', ...Object.keys(one.sort)], { ...sourceFilter, ...one.filters }),
      },
      reply: pageShape(shape),
      etag: true,
      handle({ query }, context) {
        const { control } = context;
        const intent = requireIntent(control);
        const rows = new MemberRows(control, intent);
        const { limit, after, name: like, sort, fields, project, ...filter } = query;
        const names = visibleNames(kind, one.names(intent), context, project);
        const entries = names.map((name): Entry<View> => {
          let made: View | undefined;
          return {
            name,
            make() {
              made ??= viewOf(
                one,
                requireObject(configView(context), { kind, name }),
                { control },
                rows,
              ) as View;
              return made;
            },
          };
        });
        const given = Object.values(filter).some((value) => value !== undefined);
        const { source, ...rest } = filter as Record<string, string | undefined>;
        const matches = (view: View): boolean =>
          (source === undefined || (view.source as { kind: string }).kind === source) &&
          one.matches(view, rest);
        return pageOf(
          entries,
          { limit, after, name: like, sort, fields },
          one.sort,
          given ? matches : undefined,
        );
      },
    }),
    route('GET', paths.one, {
      id: `get${upper(kind)}`,
      summary: `One ${title}`,
      tag: 'objects',
      projects: true,
      shapes: { params },
      reply: shape,
      etag: true,
      handle(input, context) {
        requireIntent(context.control);
        const { view, tag } = answer(one, nameOf(input.params), context);
        return new Answer(view, { tag });
      },
    }),
    route('POST', paths.all, {
      ...shared,
      id: `create${upper(kind)}`,
      summary: `Make a ${kind}; 409 where there is one of its name`,
      conditional: false,
      shapes: { query: writeQuery, body: specShape },
      spec: { of: kind, part: false },
      handle({ query, body }, context) {
        requireRights(context.actor, body, kind);
        const name = String(body.name ?? '');
        return write(
          { query, context, reason: `create ${kind} ${name}`, answer: written(name, 201) },
          (view) => create(view, { kind, name }, body as Spec),
        );
      },
    }),
    route('PUT', paths.one, {
      ...shared,
      id: `replace${upper(kind)}`,
      summary: `Replace a ${kind}, or make it where there is none`,
      shapes: { params, query: writeQuery, body: specShape },
      spec: { of: kind, part: false },
      handle(input, context) {
        const name = nameOf(input.params);
        requireRights(context.actor, input.body, kind);
        const existed = configView(context).get(kind, name) !== undefined;
        return write(
          {
            query: input.query,
            context,
            reason: `replace ${kind} ${name}`,
            answer: written(name, existed ? 200 : 201),
          },
          (view, rules, restore) =>
            replace(
              view,
              { kind, name },
              restore(view.raw(kind, name), named(input.body, name)),
              context.ifMatch,
              rules,
            ),
        );
      },
    }),
    route('PATCH', paths.one, {
      ...shared,
      id: `change${upper(kind)}`,
      summary: `Change some keys of a ${kind}: a merge patch (RFC 7396), null takes a key away`,
      shapes: { params, query: writeQuery, body: specShape },
      spec: { of: kind, part: true },
      handle(input, context) {
        const name = nameOf(input.params);
        requireRights(context.actor, input.body, kind);
        return write(
          { query: input.query, context, reason: `change ${kind} ${name}`, answer: written(name) },
          (view, rules, restore) =>
            change(
              view,
              { kind, name },
              (spec) => restore(spec, named(mergePatch(spec, input.body), name)),
              context.ifMatch,
              rules,
            ),
        );
      },
    }),
    route('DELETE', paths.one, {
      id: `delete${upper(kind)}`,
      summary: `Take a ${kind} away; 409 while others use it, unless "cascade"`,
      tag: 'objects',
      projects: true,
      conditional: true,
      shapes: { params, query: removeQuery },
      reply: removedShape,
      handle(input, context: WriteContext) {
        const name = nameOf(input.params);
        const { cascade, ...query } = input.query;
        const removed: { kind: ObjectKind; name: string }[] = [];
        return write(
          {
            query,
            context,
            reason: `delete ${kind} ${name}`,
            answer: (revision) => ({ revision, removed }),
          },
          (view, rules) => {
            const edits = remove(view, { kind, name }, context.ifMatch, cascade === 'true', rules);
            removed.splice(0, removed.length, ...edits.map((edit) => ({ kind: edit.kind, name: edit.name })));
            return edits;
          },
        );
      },
    }),
  ];
}

/** The name of the path is the name; another one in the body is a mistake the validation tells. */
function named(spec: unknown, name: string): Spec {
  return { name, ...(spec as Spec) };
}

export const objectRoutes: readonly Route[] = KINDS.flatMap(routesOf);
