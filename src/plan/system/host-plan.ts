// Compares a machine's settings with the wanted ones and orders the steps: what others stand on first, and last on the way down.
import { type ItemMap, itemMap } from '../../model/item.ts';
import type { Plan, Step } from '../../model/plan.ts';
import { diffItems } from '../diff.ts';
import { compareText } from '../order.ts';
import { HOST_KINDS, type HostKind } from './host.ts';
import { type HostState, withOriginals } from './host-state.ts';

/** Every item a plan must look at: what is wanted and what was changed before. */
export function itemsToObserve(
  wanted: ItemMap,
  state: HostState,
): readonly { kind: HostKind; key: string }[] {
  const keys = new Map<string, HostKind>();
  for (const one of [...wanted.values(), ...state.originals]) keys.set(one.key, one.kind as HostKind);
  return [...keys].map(([key, kind]) => ({ kind, key }));
}

export function planHost(
  driver: string,
  wanted: ItemMap,
  observed: ItemMap,
  state: HostState,
  notes: readonly string[] = [],
): Plan {
  const desired = withOriginals(wanted, state);
  // What is neither wanted nor changed by us before is nobody's business here.
  const asked = itemsToObserve(wanted, state).map(({ key }) => observed.get(key));
  const items = itemMap(asked.filter((one) => one !== undefined));
  const { steps } = diffItems(driver, desired, { items, foreign: new Map() });
  const touched = steps.filter((step) => step.verb !== 'remove').length;
  return {
    steps: [...steps].filter(isPossible).sort(compareSteps),
    conflicts: [],
    guards: [],
    notes,
    unchanged: desired.size - touched,
  };
}

/** A sysctl goes with its module, and a module stays until the next boot: unloading ip_vs would drop its whole table. */
function isPossible(step: Step): boolean {
  return step.verb !== 'remove' || (step.item.kind !== 'sysctl' && step.item.kind !== 'module');
}

function compareSteps(a: Step, b: Step): number {
  const down = Number(b.verb === 'remove') - Number(a.verb === 'remove');
  if (down !== 0) return down;
  const rank = rankOf(a) - rankOf(b);
  return a.verb === 'remove' ? -rank || compareKeys(a, b) : rank || compareKeys(a, b);
}

function rankOf(step: Step): number {
  return HOST_KINDS.indexOf(step.item.kind as HostKind);
}

function compareKeys(a: Step, b: Step): number {
  return compareText(a.item.key, b.item.key);
}
