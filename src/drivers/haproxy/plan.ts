// Which steps make the difference, and whether each goes through the socket or with a reload.
import type { DriverPlan } from '../../model/driver.ts';
import { type Item, type ItemMap, itemMap, type Observed } from '../../model/item.ts';
import type { Phase, StepVerb } from '../../model/plan.ts';
import { diffItems } from '../../plan/diff.ts';
import { ItemGroups, unshared } from './item-groups.ts';
import { isEntry } from './lists.ts';

export function planHaproxy(driver: string, desired: ItemMap, observed: Observed): DriverPlan {
  const options = {
    phaseOf: (verb: StepVerb, one: Item) => phaseOf(verb, one),
    how: (verb: StepVerb, one: Item) => howOf(verb, one),
  };
  const { items } = observed;
  if (!(desired instanceof ItemGroups && items instanceof ItemGroups))
    return diffItems(driver, desired, observed, options);
  // Groups that both hold differ in nothing.
  const among = unshared(desired, items).flat();
  const left = itemMap(unshared(items, desired).flat());
  return diffItems(driver, desired, { ...observed, items: left }, { ...options, among });
}

/** Entries come and go as members do. Pools of rules come with their listener, and changed listeners with new ones: one reload for all of them. */
function phaseOf(verb: StepVerb, one: Item): Phase | undefined {
  if (isEntry(one))
    return verb === 'add' ? 'add-member' : verb === 'remove' ? 'remove-member' : 'change-member';
  if (one.kind !== 'pool' && one.kind !== 'listener') return undefined;
  return verb === 'remove' ? 'remove-listener' : 'add-listener';
}

export function howOf(verb: StepVerb, one: Item): 'runtime' | 'reload' | undefined {
  switch (one.kind) {
    case 'member':
    case 'source':
    case 'route':
    case 'value':
      return 'runtime';
    case 'certificate':
      // A new one is only laid ready; the reload of its listener reads it.
      return verb === 'change' ? 'runtime' : undefined;
    case 'file':
      return verb === 'change' ? 'reload' : undefined;
    default:
      return 'reload';
  }
}
