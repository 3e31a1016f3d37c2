// Which steps of a round repair what somebody else changed: the outside no longer is as we left it, and our wish is the same. And which
// take over what the operator renewed under the same name, as a certificate is before it expires.
import type { ItemMap } from '../model/item.ts';
import type { Step } from '../model/plan.ts';
import { differingFields } from '../plan/diff.ts';
import type { DriverView } from './reconcile.ts';

/** `left`: what each driver showed at the end of the round before, by driver. */
export function driftSteps(steps: readonly Step[], left: ReadonlyMap<string, DriverView>): readonly Step[] {
  return steps.filter((step) => {
    const view = left.get(step.driver);
    if (view === undefined || isRenewal(step)) return false;
    return step.verb === 'remove' ? isIntruder(step, view) : wasAsWanted(step, view.observed.items);
  });
}

export function renewedKeys(steps: readonly Step[], kind: 'certificate' | 'file'): readonly string[] {
  return steps
    .filter((step) => step.item.kind === kind && isRenewal(step))
    .map(({ item }) => item.key.slice(kind.length + 1));
}

/** Of an item that only says whether our copy is that of its source. */
function isRenewal({ verb, before }: Step): boolean {
  return verb === 'change' && before?.current === false;
}

function wasAsWanted(step: Step, items: ItemMap): boolean {
  const before = items.get(step.item.key);
  return before !== undefined && differingFields(before.fields, step.item.fields).length === 0;
}

/** Nobody wanted it in the round before, and it was not there then. */
function isIntruder(step: Step, view: DriverView): boolean {
  return !view.observed.items.has(step.item.key) && !view.desired.has(step.item.key);
}
