// How much one plan may take away or add before a person confirms it. Held steps are named; the rest goes on.
import type { ItemMap } from '../model/item.ts';
import type { GuardVerdict, Plan, Step } from '../model/plan.ts';
import type { GuardSettings } from '../model/settings.ts';
import type { World } from '../model/world.ts';

export interface GuardContext {
  /** A person has seen the plan and wants it. */
  readonly confirmed: boolean;
  /** False until the whole configuration was loaded once: until then nothing is taken away. */
  readonly loaded: boolean;
  /**
   * Ids `driver key` of everything the configuration still names, in service or not. A member taken out by its checks or
   * an address that moved to the peer is no deletion. Called only where a limit is passed otherwise.
   */
  readonly configured?: () => ReadonlySet<string>;
  /** Listeners without a place: what carried them until now is not taken away for nothing. */
  readonly unplaced?: World['unplaced'];
  /** Wanted items by driver; read only where the members of a listener are limited. */
  readonly desired?: readonly ItemMap[];
}

/** The plan with its guards' verdicts; steps stay in it, `heldSteps` says which must not be applied. */
export function guard(plan: Plan, settings: GuardSettings, context: GuardContext): Plan {
  const guards: GuardVerdict[] = [];
  const cuts = plan.steps.filter(takesAway);
  if (!context.loaded) {
    if (cuts.length > 0) guards.push(beforeLoad(cuts));
  } else if (!context.confirmed) guards.push(...tooManyDeletions(plan, cuts, settings, context));
  if (!context.confirmed) {
    guards.push(...nowhereToGo(cuts, context.unplaced ?? []));
    guards.push(...tooManyAdditions(plan, settings));
    guards.push(...tooManyMembers(plan, settings, context.desired ?? []));
  }
  return guards.length === 0 ? plan : { ...plan, guards };
}

export function heldSteps(plan: Plan): ReadonlySet<string> {
  return new Set(plan.guards.flatMap((verdict) => verdict.held));
}

/** Draining to 0 takes a member's new flows away just as removing it does. */
function takesAway(step: Step): boolean {
  return step.verb === 'remove' || step.phase === 'drain';
}

function beforeLoad(cuts: readonly Step[]): GuardVerdict {
  return {
    guard: 'prune-before-load',
    message: 'Cannot remove anything before the configuration has been loaded whole once',
    limit: 0,
    current: cuts.length,
    held: cuts.map((step) => step.id),
  };
}

/** A wish for an engine that is not here would otherwise end what the old one serves. */
function nowhereToGo(cuts: readonly Step[], unplaced: World['unplaced']): readonly GuardVerdict[] {
  return unplaced.flatMap(({ listener, detail, keys }) => {
    const held = cuts.filter(({ item }) =>
      keys.some((key) => item.key === key || item.key.startsWith(`${key} `)),
    );
    if (held.length === 0) return [];
    return [
      {
        guard: 'engine-missing',
        message: `Cannot take listener "${listener}" away unconfirmed as it has no place to go: ${detail}`,
        limit: 0,
        current: held.length,
        held: held.map((step) => step.id),
      },
    ];
  });
}

function tooManyDeletions(
  plan: Plan,
  cuts: readonly Step[],
  settings: GuardSettings,
  context: GuardContext,
): readonly GuardVerdict[] {
  const owned = plan.unchanged + plan.steps.filter((step) => step.verb === 'change').length + removals(plan);
  if (isFew(cuts.length, owned, settings)) return [];
  const configured = context.configured?.() ?? new Set<string>();
  const deletions = cuts.filter((step) => !configured.has(`${step.driver} ${step.item.key}`));
  if (isFew(deletions.length, owned, settings)) return [];
  const percent = Math.round((deletions.length / owned) * 100);
  return [
    {
      guard: 'max-deletions',
      message:
        `Cannot remove ${deletions.length} of ${owned} objects (${percent} %) unconfirmed as ` +
        `"guard.max_delete_percent" allows ${settings.maxDeletePercent} %`,
      limit: settings.maxDeletePercent,
      current: percent,
      held: deletions.map((step) => step.id),
    },
  ];
}

function isFew(count: number, owned: number, settings: GuardSettings): boolean {
  return count <= settings.freeDeletions || count * 100 <= settings.maxDeletePercent * owned;
}

function removals(plan: Plan): number {
  return plan.steps.filter((step) => step.verb === 'remove').length;
}

function tooManyAdditions(plan: Plan, settings: GuardSettings): readonly GuardVerdict[] {
  if (settings.maxAddListeners === 0) return [];
  const added = plan.steps.filter((step) => step.verb === 'add' && step.item.kind === 'listener');
  if (added.length <= settings.maxAddListeners) return [];
  return [
    {
      guard: 'max-additions',
      message:
        `Cannot add ${added.length} listeners at once unconfirmed as "guard.max_add_listeners" allows ` +
        `${settings.maxAddListeners}`,
      limit: settings.maxAddListeners,
      current: added.length,
      held: withChildren(added, plan),
    },
  ];
}

function tooManyMembers(
  plan: Plan,
  settings: GuardSettings,
  desired: readonly ItemMap[],
): readonly GuardVerdict[] {
  const limit = settings.maxMembersPerListener;
  if (limit === 0) return [];
  const counts = new Map<string, number>();
  for (const map of desired)
    for (const { kind, parent } of map.values())
      if (kind === 'member' && parent !== undefined) counts.set(parent, (counts.get(parent) ?? 0) + 1);
  const verdicts: GuardVerdict[] = [];
  for (const [listener, current] of counts) {
    if (current <= limit) continue;
    const added = plan.steps.filter((step) => step.verb === 'add' && step.item.parent === listener);
    if (added.length === 0) continue;
    verdicts.push({
      guard: 'members-per-listener',
      message:
        `Cannot give listener "${listener}" ${current} members unconfirmed as "guard.max_members_per_listener" ` +
        `allows ${limit}`,
      limit,
      current,
      // As many as are over the limit: those that fit go in.
      held: added.slice(-Math.min(added.length, current - limit)).map((step) => step.id),
    });
  }
  return verdicts;
}

function withChildren(parents: readonly Step[], plan: Plan): readonly string[] {
  const keys = new Set(parents.map((step) => `${step.driver} ${step.item.key}`));
  const children = plan.steps.filter((step) => keys.has(`${step.driver} ${step.item.parent ?? ''}`));
  return [...parents, ...children].map((step) => step.id);
}
