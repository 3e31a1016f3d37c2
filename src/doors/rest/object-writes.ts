// One way for every write of objects: who, why, dry or not; the desk judges it when its turn comes.
import type { ObjectEdit, ObjectView, Spec } from '../../engine/config-port.ts';
import { hiddenPlace, unhideSpec as unhide } from '../../engine/hide-spec.ts';
import { HIDDEN } from '../../lib/partly-secret.ts';
import { InputError } from '../../model/errors.ts';
import { planToJson } from '../../plan/plan-json.ts';
import { changeOf } from './change.ts';
import type { EditRules } from './object-edits.ts';
import type { WriteQuery } from './object-schemas.ts';
import { Answer, type RouteContext } from './route.ts';
import { requireOwnWords } from './scope.ts';
import { requireIntent } from './views.ts';

export type { Spec };
export type WriteContext = RouteContext;

/** Puts back what was shown as hidden: the first is as it was, the second as it is given. */
type Restore = (before: Spec | undefined, given: Spec) => Spec;

interface Writing {
  readonly query: WriteQuery;
  readonly context: RouteContext;
  readonly reason: string;
  readonly answer: (revision: number, context: RouteContext) => unknown;
}

export async function write(
  { query, context, reason, answer }: Writing,
  edit: (view: ObjectView, rules: EditRules, restore: Restore) => readonly ObjectEdit[],
): Promise<unknown> {
  const { control, actor, tellChange } = context;
  requireOwnWords(actor, query);
  const rules = { writableFiles: requireIntent(control).api.writableFiles };
  let told: readonly ObjectEdit[] = [];
  let before: readonly unknown[] = [];
  const request = {
    ...changeOf(
      { actor },
      {
        reason: query.reason ?? reason,
        force: query.force === 'true',
        confirm_within: query.confirm_within,
      },
    ),
    ...(actor.project === undefined ? {} : { project: actor.project }),
    edit(view: ObjectView): readonly ObjectEdit[] {
      told = edit(view, rules, (before, given) => unhide(given, before) as Spec);
      before = told.map((one) => view.get(one.kind, one.name)?.spec ?? null);
      tellChange({ before });
      for (const { kind, name, spec } of told) {
        requireSameName(kind, name, spec);
        requireShown(kind, name, spec);
      }
      return told;
    },
  };
  if (query.dry_run === 'true') {
    const { plan, hash, diagnostics } = control.config.planWrite(request);
    return { hash, plan: planToJson(plan), diagnostics };
  }
  const { revision } = await control.config.write(request);
  const specOf = ({ kind, name }: ObjectEdit): unknown => control.config.object(kind, name)?.spec ?? null;
  tellChange({ before, after: told.map(specOf) });
  return answer(revision, context);
}

/** The object as it is after the write, with the state that the next one must name. */
export function writtenBy(
  read: (context: RouteContext) => { readonly view: object; readonly tag: string },
  status: number,
): (revision: number, context: RouteContext) => Answer {
  return (revision, context) => {
    const { view, tag } = read(context);
    return new Answer({ ...view, revision }, { status, tag });
  };
}

/** What was hidden when it was read would be what checks send from now on. */
function requireShown(kind: string, name: string, spec: Spec | undefined): void {
  const place = hiddenPlace(spec);
  if (place === undefined) return;
  throw new InputError(
    'USAGE',
    `Cannot write ${kind} "${name}" as its "${place}" holds "${HIDDEN}", and what it stands for cannot be told`,
    { hint: 'Give the value itself, of a program all its arguments: it is hidden where objects are read' },
  );
}

function requireSameName(kind: string, name: string, spec: Spec | undefined): void {
  if (spec === undefined || spec.name === name) return;
  throw new InputError(
    'USAGE',
    `Cannot write ${kind} "${name}" as its body is called "${String(spec.name).slice(0, 60)}"`,
    { hint: 'Leave "name" out, or make a new object of the other name' },
  );
}
