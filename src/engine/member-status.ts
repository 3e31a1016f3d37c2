// What Status says of the members of a listener. Of those that stand as they stood before it says the very same object, so that
// who writes them out sees that nothing changed.
import { Note } from '../lib/note.ts';
import type { Facts, MemberHealth } from '../model/facts.ts';
import type { Judgement } from '../model/item.ts';
import { memberItemKey, memberKey } from '../model/keys.ts';
import type { MemberStatus } from '../model/status.ts';
import type { Container, WorldMember } from '../model/world.ts';
import type { DriverView } from './reconcile.ts';

/** What a row rests on besides the member itself. */
interface Ground {
  readonly health: MemberHealth | undefined;
  readonly judged: Judgement | undefined;
  readonly weight: unknown;
}

interface Row extends Ground {
  readonly healthKey: string;
  readonly itemKey: string;
  readonly status: MemberStatus;
}

interface Rows {
  readonly rows: readonly Row[];
  readonly statuses: readonly MemberStatus[];
}

/** What of the World has not changed is the same object. */
const KNOWN = new Note<Container['of'], Rows>();

export function memberStatuses(
  { of, key, pool, members }: Container,
  view: DriverView | undefined,
  facts: Facts,
): readonly MemberStatus[] {
  const before = KNOWN.get(of);
  let isSame = before !== undefined;
  const rows = members.map((member, i): Row => {
    const old = before?.rows[i];
    const healthKey = old?.healthKey ?? memberKey(pool, member.name);
    const itemKey = old?.itemKey ?? memberItemKey(key, member.key);
    const health = facts.health.get(healthKey);
    // Counts only where we would send to it: what we took out ourselves has our own reason.
    const judged = member.effectiveWeight > 0 ? view?.observed.judged?.get(itemKey) : undefined;
    const weight = judged === undefined ? view?.observed.items.get(itemKey)?.fields.weight : 0;
    if (old !== undefined && old.health === health && old.judged === judged && old.weight === weight)
      return old;
    isSame = false;
    const ground = { health, judged, weight };
    return { ...ground, healthKey, itemKey, status: memberStatus(member, ground) };
  });
  if (isSame && before !== undefined) return before.statuses;
  const statuses = rows.map(({ status }) => status);
  KNOWN.set(of, { rows, statuses });
  return statuses;
}

function memberStatus(member: WorldMember, { health, judged, weight }: Ground): MemberStatus {
  const sinceMs = judged?.sinceMs ?? health?.sinceMs;
  return {
    key: member.key,
    name: member.name,
    weight: member.weight,
    effectiveWeight: member.effectiveWeight,
    ...(typeof weight === 'number' ? { observedWeight: weight } : {}),
    health: health?.state ?? 'unknown',
    reason: judged?.reason ?? member.reason,
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(health?.lastError === undefined ? {} : { lastError: health.lastError }),
  };
}
