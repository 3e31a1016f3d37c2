// Facts for a plan without a daemon: what holds when every member is well, every engine is there and we are active.
import type { Facts, MemberHealth } from '../model/facts.ts';
import type { Intent } from '../model/intent.ts';
import { memberKeysOf } from './judge-pool.ts';

const WELL: MemberHealth = { state: 'up', factor: 1, ramp: 1, sinceMs: 0 };
const THERE = { available: true };

export const ALL_ENGINES: Facts['engines'] = { ipvs: THERE, xdp: THERE, haproxy: THERE, memory: THERE };

/** Only checked members are assumed well; one that nobody checks needs no assumption. */
export function assumedFacts(intent: Intent, nowMs: number, engines: Facts['engines'] = ALL_ENGINES): Facts {
  const health = new Map<string, MemberHealth>();
  for (const pool of intent.pools.values()) {
    const keys = memberKeysOf(pool);
    pool.members.forEach((member, i) => {
      if ((member.checks ?? pool.checks).length > 0) health.set(keys[i]!, WELL);
    });
  }
  const groups = intent.ha?.groups ?? [];
  const roles = new Map(
    groups.map((group) => [group.name, { role: 'active', epoch: 0, reason: 'Active' }] as const),
  );
  return { nowMs, engines, roles, health, overrides: new Map(), quorum: new Map() };
}
