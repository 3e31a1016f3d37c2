// What changed between two Worlds, told once for each member, pool and listener. Pure.
import type { Judgement } from '../model/item.ts';
import { memberItemKey, memberKey } from '../model/keys.ts';
import type { Reason } from '../model/reason.ts';
import { containersOf, type World, type WorldMember } from '../model/world.ts';
import { quorumKey } from '../plan/judge-pool.ts';
import type { EngineEvent } from './events.ts';

export function worldTransitions(before: World, now: World, atMs: number): readonly EngineEvent[] {
  if (before === now) return [];
  return [...memberTransitions(before, now, atMs), ...placeTransitions(before, now, atMs)];
}

export function quorumTransitions(
  before: ReadonlyMap<string, boolean>,
  now: ReadonlyMap<string, boolean>,
  atMs: number,
): readonly EngineEvent[] {
  const events: EngineEvent[] = [];
  for (const [key, held] of now) {
    if (!before.has(key) || before.get(key) === held) continue;
    const [pool = '', family] = key.split(' ') as [string, ('ipv4' | 'ipv6')?];
    const members = family ?? (now.has(quorumKey(pool, 4)) ? 'both' : undefined);
    events.push({ kind: 'quorum-changed', atMs, pool, held, ...(members === undefined ? {} : { members }) });
  }
  return events;
}

/** A pool used by many listeners changes once. */
function memberTransitions(before: World, now: World, atMs: number): readonly EngineEvent[] {
  const old = new Map(before.listeners.map((listener) => [listener.key, listener]));
  const told = new Map<string, EngineEvent>();
  for (const listener of now.listeners) {
    const previous = old.get(listener.key);
    if (previous === undefined || previous === listener) continue;
    const was = new Map(containersOf(previous).map((one) => [one.key, one.members]));
    for (const { key: container, pool, members } of containersOf(listener))
      for (const member of members) {
        const key = memberKey(pool, member.name);
        const from = was.get(container)?.find((one) => one.key === member.key);
        if (from === undefined || from.reason === member.reason || told.has(key)) continue;
        told.set(key, toEvent(pool, from, member, atMs));
      }
  }
  return [...told.values()];
}

/** A member the data plane took out by itself, and what it would be otherwise. */
export interface Judged {
  readonly pool: string;
  readonly member: WorldMember;
  readonly reason: Reason;
}

/** By pool and name: whom several listeners know is told once. */
export function judgedIn(
  world: World,
  judgements: readonly ReadonlyMap<string, Judgement>[],
): ReadonlyMap<string, Judged> {
  const found = new Map<string, Judged>();
  if (judgements.every(({ size }) => size === 0)) return found;
  const keep = (pool: string, container: string, members: readonly WorldMember[]) => {
    for (const member of members) {
      const key = memberItemKey(container, member.key);
      const judged = judgements.flatMap((one) => one.get(key) ?? [])[0];
      if (judged !== undefined && member.effectiveWeight > 0)
        found.set(memberKey(pool, member.name), { pool, member, reason: judged.reason });
    }
  };
  for (const listener of world.listeners)
    for (const { key, pool, members } of containersOf(listener)) keep(pool, key, members);
  return found;
}

export function judgedTransitions(
  before: ReadonlyMap<string, Judged>,
  now: ReadonlyMap<string, Judged>,
  atMs: number,
): readonly EngineEvent[] {
  const events: EngineEvent[] = [];
  const tell = ({ pool, member }: Judged, from: Reason, to: Reason, effectiveWeight: number) =>
    events.push({ kind: 'member-changed', atMs, pool, member: member.name, from, to, effectiveWeight });
  for (const [key, one] of now) if (!before.has(key)) tell(one, one.member.reason, one.reason, 0);
  for (const [key, one] of before)
    if (!now.has(key)) tell(one, one.reason, one.member.reason, one.member.effectiveWeight);
  return events;
}

function toEvent(pool: string, from: WorldMember, to: WorldMember, atMs: number): EngineEvent {
  return {
    kind: 'member-changed',
    atMs,
    pool,
    member: to.name,
    from: from.reason,
    to: to.reason,
    effectiveWeight: to.effectiveWeight,
  };
}

function placeTransitions(before: World, now: World, atMs: number): readonly EngineEvent[] {
  const was = new Map(before.unplaced.map((one) => [one.listener, one]));
  const is = new Map(now.unplaced.map((one) => [one.listener, one]));
  const events: EngineEvent[] = [];
  for (const { listener, detail, reason } of now.unplaced)
    if (!was.has(listener))
      events.push({ kind: 'listener-unplaced', atMs, listener, detail: `${reason}: ${detail}` });
  const placed = new Map(now.listeners.map((one) => [one.name, one]));
  for (const { listener } of before.unplaced) {
    const one = placed.get(listener);
    if (one !== undefined && !is.has(listener))
      events.push({ kind: 'listener-placed', atMs, listener, detail: `${one.engine}: ${one.engineReason}` });
  }
  return events;
}
