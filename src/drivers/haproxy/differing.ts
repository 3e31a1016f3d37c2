// Which backends are about to change: only those are asked again before a change through the socket.
import { differingFields } from '../../plan/diff.ts';
import { behindOf } from './desired.ts';
import { type Group, type ItemGroups, unshared } from './item-groups.ts';
import { backendName } from './names.ts';

/** Backends whose members are not what the last look showed. */
export function differingBackends(wanted: ItemGroups, seen: ItemGroups): ReadonlySet<string> {
  const found = new Set<string>();
  const shown = new Map<string, Group>();
  for (const group of unshared(seen, wanted)) if (group[0] !== undefined) shown.set(group[0].key, group);
  for (const one of unshared(wanted, seen).flat()) {
    const own = behindOf(one)?.group;
    if (own !== undefined && !haveSameMembers(own, shown.get(one.key) ?? [one]))
      found.add(backendName(one.key));
  }
  for (const [key, [, member]] of shown)
    if (member?.kind === 'member' && !wanted.has(key)) found.add(backendName(key));
  return found;
}

/** Containers come first. */
function haveSameMembers([, ...members]: Group, [, ...others]: Group): boolean {
  const byKey = new Map(others.map((one) => [one.key, one]));
  return (
    members.length === byKey.size &&
    members.every(({ key, fields }) => {
      const other = byKey.get(key);
      return other !== undefined && differingFields(other.fields, fields).length === 0;
    })
  );
}
