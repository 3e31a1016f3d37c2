// Wanted against observed. Adds to the plain comparison what IPVS needs: adoption, and nothing below a conflict.
import type { DriverPlan } from '../../model/driver.ts';
import type { Item, ItemMap, Observed } from '../../model/item.ts';
import { ADOPT_FIELD, differingFields, diffItems } from '../../plan/diff.ts';
import { LOST_KEY } from './observe.ts';

export function planIpvs(driver: string, desired: ItemMap, observed: Observed): DriverPlan {
  const lost = observed.foreign.has(LOST_KEY);
  const adopted = adoptedListeners(desired, observed, lost);
  const { steps, conflicts } = diffItems(driver, withAdoption(desired, adopted), taken(observed, adopted), {
    how: (verb, item) => howOf(verb, item, adopted),
  });
  const blocked = new Set(conflicts.map((conflict) => conflict.wanted.key));
  return {
    steps: steps.filter((step) => !isBelow(step.item, blocked) && !isAnswered(step.item, desired)),
    conflicts: conflicts.filter(({ wanted }) => !isBelow(wanted, blocked)),
    notes: adopted.equal.size === 0 ? [] : [lostNote(adopted.equal.size)],
  };
}

function isBelow(one: Item, listeners: ReadonlySet<string>): boolean {
  return one.parent !== undefined && listeners.has(one.parent);
}

/** Left-over rules of a listener that is about to get its service back are put right with it. */
function isAnswered(one: Item, desired: ItemMap): boolean {
  return one.kind === 'nft' && desired.has(String(one.fields.listener));
}

interface Adopted {
  /** The listener says so. */
  readonly asked: ReadonlySet<string>;
  /** Equal to what is wanted, and the record of what is ours is lost. */
  readonly equal: ReadonlySet<string>;
}

function adoptedListeners(desired: ItemMap, observed: Observed, lost: boolean): Adopted {
  const asked = new Set<string>();
  const equal = new Set<string>();
  for (const wanted of desired.values()) {
    if (wanted.kind !== 'listener' || observed.items.has(wanted.key)) continue;
    const found = observed.foreign.get(wanted.key);
    if (found === undefined) continue;
    if (wanted.fields[ADOPT_FIELD] === true) asked.add(wanted.key);
    else if (lost && isEqual(wanted, found)) equal.add(wanted.key);
  }
  if (equal.size === 0) return { asked, equal };
  // One differing, missing or surplus member makes the listener a stranger's after all.
  for (const map of [desired, observed.foreign])
    for (const { key, parent } of map.values()) {
      if (parent === undefined || !equal.has(parent)) continue;
      const [a, b] = [desired.get(key), observed.foreign.get(key)];
      if (a === undefined || b === undefined || !isEqual(a, b)) equal.delete(parent);
    }
  return { asked, equal };
}

function isEqual(a: Item, b: Item): boolean {
  return differingFields(b.fields, a.fields).length === 0;
}

function withAdoption(desired: ItemMap, { equal }: Adopted): ItemMap {
  if (equal.size === 0) return desired;
  const marked = new Map(desired);
  for (const key of equal) {
    const wanted = desired.get(key)!;
    marked.set(key, { ...wanted, fields: { ...wanted.fields, [ADOPT_FIELD]: true } });
  }
  return marked;
}

/** Members of an adopted listener count as ours, so that they are changed in place and surplus ones removed. */
function taken(observed: Observed, { asked, equal }: Adopted): Observed {
  if (asked.size + equal.size === 0) return observed;
  const items = new Map(observed.items);
  const foreign = new Map(observed.foreign);
  for (const [key, one] of observed.foreign) {
    if (one.parent === undefined || !(asked.has(one.parent) || equal.has(one.parent))) continue;
    items.set(key, one);
    foreign.delete(key);
  }
  return { items, foreign };
}

function howOf(verb: string, one: Item, adopted: Adopted): string | undefined {
  if (verb === 'adopt')
    return adopted.equal.has(one.key) ? 'equal to what is wanted, record lost' : 'taken over';
  if (one.kind !== 'listener') return undefined;
  const parts = [
    ...(one.fields.through === undefined ? [] : [`one service by fw${one.fields.through}`]),
    ...(one.fields.source === undefined ? [] : ['source address by nftables']),
    ...(one.fields.allowed === undefined ? [] : ['allowed sources by nftables']),
    ...(one.fields.maxConnections === undefined ? [] : ['connection limit by nftables']),
  ];
  return parts.length === 0 ? undefined : parts.join(', ');
}

function lostNote(count: number): string {
  return `The record of what is ours is lost: ${count} listeners equal to the wanted ones are taken as ours`;
}
