// What a caller may see of the configuration: all of it, or what belongs to its project.
import type { ConfigObject, ObjectKind } from '../../engine/config-port.ts';
import { InputError } from '../../model/errors.ts';
import type { Actor } from './actor.ts';
import type { RouteContext } from './route.ts';

type Who = Pick<RouteContext, 'control' | 'actor'>;

export function isInScope({ project }: Actor, object: ConfigObject | undefined): boolean {
  return project === undefined || object?.project === project;
}

/** What is of another project is not there. */
export function configView({ control, actor }: Who): {
  get(kind: ObjectKind, name: string): ConfigObject | undefined;
} {
  return {
    get(kind, name) {
      const object = control.config.object(kind, name);
      return isInScope(actor, object) ? object : undefined;
    },
  };
}

/** Names of a kind that the caller sees, those of one project where that is asked for. */
export function visibleNames(
  kind: ObjectKind,
  names: Iterable<string>,
  { control, actor }: Who,
  asked?: string,
): readonly string[] {
  const project = actor.project ?? asked;
  if (actor.project !== undefined && asked !== undefined && asked !== actor.project) return [];
  if (project === undefined) return [...names];
  return [...names].filter((name) => control.config.object(kind, name)?.project === project);
}

export function requirePool(pool: string, who: Who): void {
  if (who.actor.project === undefined || configView(who).get('pool', pool) !== undefined) return;
  throw new InputError('NOT_FOUND', `Cannot find pool "${pool}" in the configuration`, {
    hint: 'GET /v1/pools lists them',
  });
}

/** What of a write reaches beyond the objects that are written. */
const WHOLE_NODE = ['force', 'confirm_within'] as const;

export function requireOwnWords(
  actor: Actor,
  query: Readonly<Partial<Record<(typeof WHOLE_NODE)[number], unknown>>>,
): void {
  if (actor.project === undefined) return;
  const word = WHOLE_NODE.find((one) => query[one] !== undefined && query[one] !== 'false');
  if (word === undefined) return;
  throw new InputError(
    'DENIED',
    `Cannot write with "${word}" as "${actor.name}": it is of project "${actor.project}"`,
    { hint: 'What guards hold and a trial are of the whole node' },
  );
}
