// The history: every configuration that was in force, what became of it, and the ways back.
import { z } from 'zod';
import type { Change, Planned, RevisionInfo, SnapshotInfo } from '../../engine/config-port.ts';
import type { Control } from '../../engine/control.ts';
import { InputError } from '../../model/errors.ts';
import { planToJson } from '../../plan/plan-json.ts';
import { changeOf } from './change.ts';
import {
  changeRequest,
  confirmedShape,
  plannedShape,
  planRequest,
  restoredShape,
  revisionContentShape,
  revisionParams,
  type revisionShape,
  revisionsQuery,
  revisionsShape,
  snapshotParams,
  snapshotRequest,
  snapshotShape,
} from './history-schemas.ts';
import { type Route, type RouteContext, route } from './route.ts';

function withRunning(info: RevisionInfo, control: Control): z.output<typeof revisionShape> {
  return { ...info, running: info.number === control.config.running().revision };
}

function snapshotOf(name: string, control: Control): SnapshotInfo {
  const found = control.config.snapshots().find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new InputError('NOT_FOUND', `Cannot find snapshot "${name}"`, {
    hint: '"lbctl snapshot list" lists those there are (GET /v1/snapshots)',
  });
}

function plannedView({ plan, hash, diagnostics }: Planned) {
  return { hash, plan: planToJson(plan), diagnostics };
}

async function goBack(
  revision: number,
  change: Change,
  { control, tellChange }: RouteContext,
): Promise<{ readonly revision: number }> {
  const before = { revision: control.config.running().revision ?? null };
  tellChange({ before });
  const now = await control.config.rollback(revision, change);
  tellChange({ before, after: { revision: now.revision } });
  return now;
}

export const historyRoutes: readonly Route[] = [
  route('GET', '/v1/revisions', {
    id: 'listRevisions',
    summary: 'Every configuration that was in force, newest first: who wanted it, why, and what came of it',
    tag: 'history',
    shapes: { query: revisionsQuery },
    reply: revisionsShape,
    handle: ({ query }, { control }) => {
      const found = control.config.revisions(query.last + 1, query.before);
      const items = found.slice(0, query.last).map((one) => withRunning(one, control));
      const next = found.length > query.last ? items.at(-1)?.number : undefined;
      return { items, total: control.config.revisionCount(), ...(next === undefined ? {} : { next }) };
    },
  }),
  route('GET', '/v1/revisions/{revision}', {
    id: 'getRevision',
    summary: 'One revision with its files and API objects; secrets are hidden',
    tag: 'history',
    shapes: { params: revisionParams },
    reply: revisionContentShape,
    role: 'operator',
    handle: ({ params }, { control }) => {
      const content = control.config.revision(params.revision);
      if (content === undefined)
        throw new InputError('NOT_FOUND', `Cannot find revision ${params.revision}`, {
          hint: 'GET /v1/revisions lists them; old ones are forgotten unless a snapshot keeps them',
        });
      const { info, files, objects } = content;
      return { ...withRunning(info, control), files, objects };
    },
  }),
  route('POST', '/v1/revisions/{revision}/rollback', {
    id: 'rollback',
    summary: 'Put the content of an older revision in force, as a new revision. Answers after the round',
    tag: 'history',
    shapes: { params: revisionParams, body: changeRequest.optional() },
    reply: restoredShape,
    long: true,
    handle: ({ params, body }, context) => {
      const reason = body?.reason ?? `rollback to revision ${params.revision}`;
      return goBack(params.revision, changeOf(context, { ...body, reason }), context);
    },
  }),
  route('POST', '/v1/plans', {
    id: 'makePlan',
    summary: 'What going back to a revision or snapshot, or a reload, would do; nothing is touched',
    tag: 'history',
    shapes: { body: planRequest },
    reply: plannedShape,
    handle: async ({ body }, { control }) => {
      if (body.files === true) return plannedView(await control.config.planReload());
      const number = body.revision ?? snapshotOf(body.snapshot ?? '', control).revision;
      return plannedView(control.config.planRollback(number));
    },
  }),
  route('GET', '/v1/snapshots', {
    id: 'listSnapshots',
    summary: 'Revisions with a name; they are never forgotten',
    tag: 'history',
    reply: z.strictObject({ items: z.array(snapshotShape) }),
    handle: (_, { control }) => ({ items: control.config.snapshots() }),
  }),
  route('POST', '/v1/snapshots', {
    id: 'createSnapshot',
    summary: 'Give a revision a name',
    tag: 'history',
    shapes: { body: snapshotRequest },
    reply: snapshotShape,
    handle: ({ body }, { control, actor, tellChange }) => {
      const change = changeOf({ actor }, { reason: body.reason ?? 'snapshot' });
      const after = control.config.addSnapshot(body.name, change, body.revision);
      tellChange({ before: null, after });
      return after;
    },
  }),
  route('DELETE', '/v1/snapshots/{snapshot}', {
    id: 'deleteSnapshot',
    summary: 'Forget a name; the revision itself stays as long as others do',
    tag: 'history',
    shapes: { params: snapshotParams },
    handle: ({ params }, { control, tellChange }) => {
      const before = snapshotOf(params.snapshot, control);
      control.config.removeSnapshot(params.snapshot);
      tellChange({ before, after: null });
    },
  }),
  route('POST', '/v1/snapshots/{snapshot}/restore', {
    id: 'restoreSnapshot',
    summary: 'Put the content of a snapshot in force, as a new revision. Answers after the round',
    tag: 'history',
    shapes: { params: snapshotParams, body: changeRequest.optional() },
    reply: restoredShape,
    long: true,
    handle: ({ params, body }, context) => {
      const reason = body?.reason ?? `restore snapshot ${params.snapshot}`;
      const { revision } = snapshotOf(params.snapshot, context.control);
      return goBack(revision, changeOf(context, { ...body, reason }), context);
    },
  }),
  route('POST', '/v1/trial/confirm', {
    id: 'confirmTrial',
    summary: 'Keep the configuration that is on trial; says whether one was',
    tag: 'history',
    reply: confirmedShape,
    handle: (_, { control, tellChange }) => {
      const trial = (): object => ({ trial: control.config.running().trial ?? null });
      const before = trial();
      const confirmed = control.config.confirmTrial();
      tellChange({ before, after: trial() });
      return { confirmed };
    },
  }),
];
