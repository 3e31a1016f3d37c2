// What changed between two Worlds, told once for each member, pool and listener. Pure.
import { memberKey } from '../model/keys.ts';
import type { World, WorldListener, WorldMember } from '../model/world.ts';
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
    for (const member of listener.members) {
      const key = memberKey(listener.pool, member.name);
      const from = previous.members.find((one) => one.key === member.key);
      if (from === undefined || from.reason === member.reason || told.has(key)) continue;
      told.set(key, toEvent(listener, from, member, atMs));
    }
  }
  return [...told.values()];
}

function toEvent(listener: WorldListener, from: WorldMember, to: WorldMember, atMs: number): EngineEvent {
  return {
    kind: 'member-changed',
    atMs,
    pool: listener.pool,
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
