// A probe: one question to one target. Members that ask the same thing of the same target share one.

import { stableJson } from '../lib/stable-json.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { Intent } from '../model/intent.ts';
import { endpointKey, memberKey } from '../model/keys.ts';
import type { Member, Pool } from '../model/pool.ts';

export interface Probe {
  /** Equal for equal questions: type, target and every parameter that can change the answer. */
  readonly key: string;
  readonly check: HealthCheck;
  readonly address: string;
  readonly port: number;
  /** Member keys (`pool/member`) that live by its answer. */
  readonly members: readonly string[];
}

/** Every probe the Intent asks for, shared where the question is the same, in a stable order. */
export function probesOf(intent: Intent): ReadonlyMap<string, Probe> {
  const sharers = new Map<string, { probe: Omit<Probe, 'members'>; members: Set<string> }>();
  for (const pool of intent.pools.values()) {
    for (const member of pool.members) {
      for (const port of servedPorts(member, pool, intent)) {
        for (const check of member.checks ?? pool.checks) {
          const probe = probeFor(check, member, port);
          const entry = sharers.get(probe.key) ?? { probe, members: new Set<string>() };
          entry.members.add(memberKey(pool.name, member.name));
          sharers.set(probe.key, entry);
        }
      }
    }
  }
  return new Map([...sharers].map(([key, { probe, members }]) => [key, { ...probe, members: [...members] }]));
}

function probeFor(check: HealthCheck, member: Member, port: number): Omit<Probe, 'members'> {
  const address = check.address ?? member.checkAddress ?? member.address;
  const target = check.port ?? member.checkPort ?? port;
  return { key: probeKey(check, address, target), check, address, port: target };
}

/** Ports to check of a member that has none of its own: the first port of each listener on its pool. */
function servedPorts(member: Member, pool: Pool, intent: Intent): readonly number[] {
  if (member.port !== 0) return [member.port];
  const ports = new Set<number>();
  for (const listener of intent.listeners.values()) {
    if (listener.pool === pool.name && listener.ports[0] !== undefined) ports.add(listener.ports[0].from);
  }
  return ports.size === 0 ? [0] : [...ports];
}

export function probeKey(check: HealthCheck, address: string, port: number): string {
  const { address: _address, port: _port, ...question } = check;
  return `${check.type} ${endpointKey(address, port)} ${stableJson(question)}`;
}
