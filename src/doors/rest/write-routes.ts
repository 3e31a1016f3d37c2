// What an operator may tell the daemon. Every one of these is audited.
import { z } from 'zod';
import type { Control } from '../../engine/control.ts';
import { InputError } from '../../model/errors.ts';
import type { Override } from '../../model/facts.ts';
import { memberKey } from '../../model/keys.ts';
import { heldSteps } from '../../plan/guard.ts';
import { planToJson } from '../../plan/plan-json.ts';
import { changeOf } from './change.ts';
import { reloadRequest } from './history-schemas.ts';
import { readDuration } from './read-duration.ts';
import { type Route, route } from './route.ts';
import { logLevelRequest, overrideRequest, overrideShape, planShape, reloadShape } from './schemas.ts';
import { requirePool } from './scope.ts';
import { requireIntent, requireStatus } from './views.ts';
import { waitingIn } from './waiting.ts';

const memberParams = z.strictObject({
  pool: z.string().min(1).max(256),
  member: z.string().min(1).max(256),
});

/** Longer than any maintenance; a forgotten override must end some day. */
const HOLD = { leastMs: 1, mostMs: 366 * 86_400_000, like: '"90s", "2m" or "1h30m"' };

function untilOf(text: string | undefined, nowMs: number): { untilMs?: number } {
  return text === undefined ? {} : { untilMs: nowMs + readDuration('for', text, HOLD) };
}

/** What guards hold back, for the audit. */
function heldIn(control: Control): { readonly held: readonly string[] } {
  const plan = control.plan();
  return { held: plan === undefined ? [] : [...heldSteps(plan)] };
}

export const writeRoutes: readonly Route[] = [
  route('PUT', '/v1/pools/{pool}/members/{member}/override', {
    id: 'setOverride',
    summary: 'Drain a member, take it down, or keep it up whatever its checks say',
    tag: 'operate',
    projects: true,
    shapes: { params: memberParams, body: overrideRequest },
    reply: z.strictObject({ member: z.string(), override: overrideShape }),
    handle: ({ params, body }, { control, actor, nowMs, tellChange }) => {
      requireIntent(control);
      requirePool(params.pool, { control, actor });
      const member = memberKey(params.pool, params.member);
      const override: Override = {
        state: body.state,
        ...untilOf(body.for, nowMs()),
        by: actor.name,
        ...(body.why === undefined ? {} : { why: body.why }),
      };
      const before = control.overrides().get(member) ?? null;
      tellChange({ before });
      control.setOverride(member, override);
      tellChange({ before, after: override });
      return { member, override };
    },
  }),
  route('DELETE', '/v1/pools/{pool}/members/{member}/override', {
    id: 'resetOverride',
    summary: 'Let configuration and checks decide about a member again',
    tag: 'operate',
    projects: true,
    shapes: { params: memberParams },
    handle: ({ params }, { control, actor, tellChange }) => {
      requireIntent(control);
      requirePool(params.pool, { control, actor });
      const member = memberKey(params.pool, params.member);
      const before = control.overrides().get(member) ?? null;
      tellChange({ before });
      control.setOverride(member, undefined);
      tellChange({ before, after: null });
    },
  }),
  route('POST', '/v1/reload', {
    id: 'reload',
    summary:
      'Read the files again; the old configuration stays on error. Answers after the round that applied it',
    tag: 'operate',
    reply: reloadShape,
    shapes: { body: reloadRequest.optional() },
    long: true,
    handle: async ({ body }, context) => {
      const { control, nowMs, tellChange } = context;
      const { reason = 'reload', unpin, ...rest } = body ?? {};
      const change = changeOf(context, { ...rest, reason });
      const before = { revision: control.config.running().revision ?? null };
      tellChange({ before });
      const result = await control.config.reload(unpin === true ? { ...change, unpin } : change);
      tellChange({ before, after: { revision: control.config.running().revision ?? null } });
      const waiting = waitingIn(control, nowMs());
      if (result.ok) return waiting === undefined ? result : { ...result, waiting };
      throw new InputError(
        'CONFIG_INVALID',
        'Cannot reload as the configuration has errors; the old one stays',
        {
          details: { diagnostics: result.diagnostics },
        },
      );
    },
  }),
  route('POST', '/v1/plan/confirm', {
    id: 'confirmPlan',
    summary: 'Apply what guards hold now. Answers with the plan after that round',
    tag: 'operate',
    reply: planShape,
    handle: async (_, { control, tellChange }) => {
      requireStatus(control);
      const before = heldIn(control);
      tellChange({ before });
      await control.confirm();
      tellChange({ before, after: heldIn(control) });
      return planToJson(control.plan()!);
    },
  }),
  route('PUT', '/v1/log-level', {
    id: 'setLogLevel',
    summary: 'How much the daemon logs, until it restarts or the configuration names another level',
    tag: 'operate',
    role: 'admin',
    shapes: { body: logLevelRequest },
    reply: logLevelRequest,
    handle: ({ body }, { control, tellChange }) => {
      const before = { level: control.logLevel() };
      control.setLogLevel(body.level);
      tellChange({ before, after: body });
      return body;
    },
  }),
];
