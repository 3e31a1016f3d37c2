// What a caller of one project may write: objects of that project, which use nothing of another, as many as its quota allows. Pure.
import type { ObjectEdit, ObjectKind, ObjectView } from '../../../engine/config-port.ts';
import { InputError } from '../../../model/errors.ts';
import type { Intent } from '../../../model/intent.ts';
import { QUOTA_KINDS, type Quota, type QuotaKind, type Usage } from '../../../model/project.ts';
import { SECTION_OF } from './object-book.ts';

type Target = { readonly kind: ObjectKind; readonly name: string };

/**
 * The view of one project: what is of others is not there. Users of an object are given whoever they are of, as it may not go
 * while one is left.
 */
export function scopedTo(view: ObjectView, project: string): ObjectView {
  const isOwn = (kind: ObjectKind, name: string): boolean => view.get(kind, name)?.project === project;
  return {
    get: (kind, name) => (isOwn(kind, name) ? view.get(kind, name) : undefined),
    raw: (kind, name) => (isOwn(kind, name) ? view.raw(kind, name) : undefined),
    isInFile: (kind, name) => isOwn(kind, name) && view.isInFile(kind, name),
    usersOf: (kind, name) => view.usersOf(kind, name),
  };
}

/** The edits with the mark of the project; throws where one is of something that is not of it. */
export function ownEdits(
  edits: readonly ObjectEdit[],
  view: ObjectView,
  project: string,
): readonly ObjectEdit[] {
  return edits.map(({ kind, name, spec }) => {
    const found = view.get(kind, name);
    if (found !== undefined && found.project !== project)
      throw spec === undefined
        ? notFound({ kind, name }, project)
        : new InputError('OBJECT_EXISTS', `Cannot write ${kind} "${name}" as its name is taken`, {
            hint: 'Choose another name: names are shared by all projects',
          });
    if (spec?.project !== undefined && spec.project !== project)
      throw new InputError(
        'DENIED',
        `Cannot give ${kind} "${name}" to another project: it is of "${project}"`,
        { hint: 'Leave "project" out' },
      );
    return { kind, name, spec: spec === undefined ? undefined : { ...spec, project } };
  });
}

/** After the write: whatever was written uses only what is of the project too. */
export function requireOwnReferences(
  edits: readonly ObjectEdit[],
  view: Pick<ObjectView, 'get'>,
  intent: Intent,
  project: string,
): void {
  for (const { kind, name, spec } of edits) {
    if (spec === undefined) continue;
    for (const used of usedBy(kind, name, intent))
      if (view.get(used.kind, used.name)?.project !== project) throw notFound(used, project);
  }
}

/** As decoded: a VIP that is named by its address is the VIP it is. */
function usedBy(kind: ObjectKind, name: string, { listeners, pools }: Intent): readonly Target[] {
  const used: Target[] = [];
  const listener = kind === 'listener' ? listeners.get(name) : undefined;
  if (listener !== undefined) {
    used.push(...listener.vips.map((vip): Target => ({ kind: 'vip', name: vip })));
    used.push({ kind: 'pool', name: listener.pool });
    for (const { action } of listener.http?.rules ?? [])
      if (action.kind === 'pool') used.push({ kind: 'pool', name: action.pool });
    for (const one of listener.tls?.certificates ?? []) used.push({ kind: 'certificate', name: one });
  }
  const pool = kind === 'pool' ? pools.get(name) : kind === 'listener' ? pools.get(name) : undefined;
  if (pool?.tls?.certificate !== undefined) used.push({ kind: 'certificate', name: pool.tls.certificate });
  return used;
}

function notFound({ kind, name }: Target, project: string): InputError {
  return new InputError('NOT_FOUND', `Cannot find ${kind} "${name}" in project "${project}"`, {
    hint: `GET /v1/${kind}s lists them`,
  });
}

/** What each project has, by its name. */
export function usageOf(view: Pick<ObjectView, 'get'>, intent: Intent): ReadonlyMap<string, Usage> {
  const usage = new Map<string, Record<QuotaKind, number>>();
  for (const kind of ['vip', 'pool', 'listener', 'certificate'] as const)
    for (const name of intent[SECTION_OF[kind]].keys()) {
      const project = view.get(kind, name)?.project;
      if (project === undefined) continue;
      const counts = usage.get(project) ?? { ...NOTHING };
      usage.set(project, counts);
      counts[SECTION_OF[kind]]++;
      if (kind === 'pool') counts.members += intent.pools.get(name)!.members.length;
    }
  return usage;
}

const NOTHING: Usage = { listeners: 0, pools: 0, members: 0, vips: 0, certificates: 0 };

/** What is over a quota that was made smaller may stay and shrink; it may not grow. */
export function requireQuota(
  before: ReadonlyMap<string, Usage>,
  after: ReadonlyMap<string, Usage>,
  quotaOf: (project: string) => Quota | undefined,
): void {
  for (const [project, wanted] of after) {
    const quota = quotaOf(project);
    if (quota === undefined) continue;
    for (const kind of QUOTA_KINDS) {
      const limit = quota[kind];
      const used = before.get(project)?.[kind] ?? 0;
      if (limit === undefined || wanted[kind] <= limit || wanted[kind] <= used) continue;
      throw new InputError(
        'QUOTA_EXCEEDED',
        `Cannot give project "${project}" ${wanted[kind]} ${kind} as its quota is ${limit}: it has ${used}`,
        { details: { project, quota: kind, used, limit, wanted: wanted[kind] } },
      );
    }
  }
}
