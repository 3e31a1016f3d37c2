// Members that left the configuration keep their row with weight 0 until their time is over. Pure; the engine keeps the map.
import { memberItemKey, poolKey } from '../model/keys.ts';
import {
  type Container,
  containersOf,
  type World,
  type WorldListener,
  type WorldMember,
} from '../model/world.ts';

export interface Drain {
  /** Key of the WorldListener, or of a pool that its rules send to. */
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
  const current = drains.size === 0 ? new Map<string, Container>() : containersByKey(now);
  const next = new Map<string, Drain>();
  for (const [key, drain] of drains) {
    const container = current.get(drain.listener);
    if (container === undefined || hasMember(container, drain.member.key)) continue;
    if (drain.untilMs === undefined || drain.untilMs + REMEMBERED_MS > nowMs) next.set(key, drain);
  }
  for (const listener of now.listeners) {
    const previous = old.get(listener.key);
    if (previous === undefined || previous === listener) continue;
    const was = new Map(containersOf(previous).map((one) => [one.key, one.members]));
    for (const container of containersOf(listener)) {
      if (container.drainMs === 0) continue;
      for (const member of was.get(container.key) ?? []) {
        const key = memberItemKey(container.key, member.key);
        if (!leaves(member, container) || next.has(key)) continue;
        next.set(key, { listener: container.key, member: asDraining(member) });
      }
    }
  }
  return next;
}

function containersByKey({ listeners }: World): ReadonlyMap<string, Container> {
  return new Map(listeners.flatMap((listener) => containersOf(listener).map((one) => [one.key, one])));
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
  const containers = containersByKey(now);
  const next = new Map(drains);
  let started = false;
  for (const [key, drain] of waiting) {
    // A driver may split a range into rows of its own: those end with the member too.
    const isHeld = held.some((id) => id.endsWith(` ${key}`) || id.endsWith(` > ${drain.member.key}`));
    if (isHeld) continue;
    started = true;
    next.set(key, { ...drain, untilMs: nowMs + (containers.get(drain.listener)?.drainMs ?? 0) });
  }
  return started ? next : drains;
}

export type DrainFilter = 'in-force' | 'agreed';

/** The World with draining members put back. `agreed` takes those whose drain a guard let pass, ended or not. */
export function withDrains(world: World, drains: Drains, nowMs: number, filter: DrainFilter): World {
  const left = new Map<string, WorldMember[]>();
  for (const { listener, member, untilMs } of drains.values()) {
    const taken = filter === 'agreed' ? untilMs !== undefined : untilMs === undefined || untilMs > nowMs;
    if (!taken) continue;
    const members = left.get(listener);
    if (members === undefined) left.set(listener, [member]);
    else members.push(member);
  }
  if (left.size === 0) return world;
  return { ...world, listeners: world.listeners.map((listener) => withLeft(listener, left)) };
}

function withLeft(listener: WorldListener, left: ReadonlyMap<string, readonly WorldMember[]>): WorldListener {
  if (!containersOf(listener).some(({ key }) => left.has(key))) return listener;
  const { key, members, layer7 } = listener;
  const own = { ...listener, members: [...members, ...(left.get(key) ?? [])] };
  if (layer7 === undefined) return own;
  const rulePools = layer7.rulePools.map((pool) => ({
    ...pool,
    members: [...pool.members, ...(left.get(poolKey(key, pool.name)) ?? [])],
  }));
  return { ...own, layer7: { ...layer7, rulePools } };
}

/** When the next drain ends. */
export function nextDrainEndMs(drains: Drains, nowMs: number): number | undefined {
  let next: number | undefined;
  for (const { untilMs } of drains.values())
    if (untilMs !== undefined && untilMs > nowMs && (next === undefined || untilMs < next)) next = untilMs;
  return next;
}

/** A sorry server is no member, and who has no row needs no drain. */
function leaves(member: WorldMember, container: Container): boolean {
  return member.present && member.reason !== 'SorryServer' && !hasMember(container, member.key);
}

function hasMember({ members }: Container, key: string): boolean {
  return members.some((member) => member.key === key);
}

function asDraining(member: WorldMember): WorldMember {
  return { ...member, effectiveWeight: 0, present: true, resetFlows: false, reason: 'Draining' };
}
