// Members that left the configuration keep their row with weight 0 until their time is over. Pure; the engine keeps the map.
import { memberItemKey } from '../model/keys.ts';
import type { World, WorldListener, WorldMember } from '../model/world.ts';

export interface Drain {
  /** Key of the WorldListener. */
  readonly listener: string;
  readonly member: WorldMember;
  /** Wall clock. Absent until the drain is in force: a guard may hold it, and held time does not count. */
  readonly untilMs?: number;
}

/** By memberItemKey(listener, member). */
export type Drains = ReadonlyMap<string, Drain>;

/** How long an ended drain is remembered, so that a removal that is retried still counts as agreed to. */
const REMEMBERED_MS = 600_000;

/** Adds who left since the last World, drops who came back, whose listener is gone, and what ended long ago. */
export function updateDrains(drains: Drains, before: World | undefined, now: World, nowMs: number): Drains {
  if (before === now && !hasEnded(drains, nowMs)) return drains;
  const old = new Map(before?.listeners.map((listener) => [listener.key, listener]));
  const current = new Map(now.listeners.map((listener) => [listener.key, listener]));
  const next = new Map<string, Drain>();
  for (const [key, drain] of drains) {
    const listener = current.get(drain.listener);
    if (listener === undefined || hasMember(listener, drain.member.key)) continue;
    if (drain.untilMs === undefined || drain.untilMs + REMEMBERED_MS > nowMs) next.set(key, drain);
  }
  for (const listener of now.listeners) {
    const previous = old.get(listener.key);
    if (previous === undefined || previous === listener || listener.drainMs === 0) continue;
    for (const member of previous.members) {
      const key = memberItemKey(listener.key, member.key);
      if (!leaves(member, listener) || next.has(key)) continue;
      next.set(key, { listener: listener.key, member: asDraining(member) });
    }
  }
  return next;
}

function hasEnded(drains: Drains, nowMs: number): boolean {
  for (const { untilMs } of drains.values())
    if (untilMs !== undefined && untilMs + REMEMBERED_MS <= nowMs) return true;
  return false;
}

/** Starts the clock of drains that are in force, that is, were not held back in this round. */
export function startDrains(drains: Drains, now: World, held: readonly string[], nowMs: number): Drains {
  const waiting = [...drains].filter(([, drain]) => drain.untilMs === undefined);
  if (waiting.length === 0) return drains;
  const drainMs = new Map(now.listeners.map((listener) => [listener.key, listener.drainMs]));
  const next = new Map(drains);
  let started = false;
  for (const [key, drain] of waiting) {
    // A driver may split a range into rows of its own: those end with the member too.
    const isHeld = held.some((id) => id.endsWith(` ${key}`) || id.endsWith(` > ${drain.member.key}`));
    if (isHeld) continue;
    started = true;
    next.set(key, { ...drain, untilMs: nowMs + (drainMs.get(drain.listener) ?? 0) });
  }
  return started ? next : drains;
}

export type DrainFilter = 'in-force' | 'agreed';

/** The World with draining members put back. `agreed` takes those whose drain a guard let pass, ended or not. */
export function withDrains(world: World, drains: Drains, nowMs: number, filter: DrainFilter): World {
  const byListener = new Map<string, WorldMember[]>();
  for (const { listener, member, untilMs } of drains.values()) {
    const taken = filter === 'agreed' ? untilMs !== undefined : untilMs === undefined || untilMs > nowMs;
    if (!taken) continue;
    const members = byListener.get(listener);
    if (members === undefined) byListener.set(listener, [member]);
    else members.push(member);
  }
  if (byListener.size === 0) return world;
  const listeners = world.listeners.map((listener) => {
    const members = byListener.get(listener.key);
    return members === undefined ? listener : { ...listener, members: [...listener.members, ...members] };
  });
  return { ...world, listeners };
}

/** When the next drain ends. */
export function nextDrainEndMs(drains: Drains, nowMs: number): number | undefined {
  let next: number | undefined;
  for (const { untilMs } of drains.values())
    if (untilMs !== undefined && untilMs > nowMs && (next === undefined || untilMs < next)) next = untilMs;
  return next;
}

/** A sorry server is no member, and who has no row needs no drain. */
function leaves(member: WorldMember, listener: WorldListener): boolean {
  return member.present && member.reason !== 'SorryServer' && !hasMember(listener, member.key);
}

function hasMember(listener: WorldListener, key: string): boolean {
  return listener.members.some((member) => member.key === key);
}

function asDraining(member: WorldMember): WorldMember {
  return { ...member, effectiveWeight: 0, present: true, resetFlows: false, reason: 'Draining' };
}
