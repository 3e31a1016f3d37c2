// A probe: one question to one target. Members that ask the same thing of the same target share one.

import { stableJson } from '../lib/stable-json.ts';
import type { HealthCheck } from '../model/health-check.ts';
import type { Intent } from '../model/intent.ts';
import { endpointKey, memberKey } from '../model/keys.ts';
import type { Listener } from '../model/listener.ts';
import type { Member, Pool } from '../model/pool.ts';

export interface Probe {
  /** Equal for equal questions: type, target and every parameter that can change the answer. */
  readonly key: string;
  readonly check: HealthCheck;
  readonly address: string;
  readonly port: number;
  /** The VIP that the member is asked for, on the way that data goes. */
  readonly via?: Via;
  /** Member keys (`pool/member`) that live by its answer. */
  readonly members: readonly string[];
}

export interface Via {
  readonly vip: string;
  readonly how: 'dr' | 'tunnel';
  /** Why it cannot go that way. */
  readonly fault?: string;
}

/** Every probe the Intent asks for, shared where the question is the same, in a stable order. */
export function probesOf(intent: Intent): ReadonlyMap<string, Probe> {
  const sharers = new Map<string, { probe: Omit<Probe, 'members'>; members: Set<string> }>();
  const add = (probe: Omit<Probe, 'members'>, member: string): void => {
    const entry = sharers.get(probe.key) ?? { probe, members: new Set<string>() };
    entry.members.add(member);
    sharers.set(probe.key, entry);
  };
  const listeners = Map.groupBy(intent.listeners.values(), (one) => one.pool);
  for (const pool of intent.pools.values()) {
    for (const member of pool.members) {
      const key = memberKey(pool.name, member.name);
      for (const check of member.checks ?? pool.checks) {
        const vias =
          check.viaVip && !NOT_BY_VIP.has(check.type)
            ? viasOf(check, member, listeners.get(pool.name) ?? [], intent)
            : [];
        for (const probe of vias) add(probe, key);
        if (vias.length > 0) continue;
        for (const port of servedPorts(member, pool, listeners)) add(probeFor(check, member, port), key);
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

/** What has no ports by which its answers could be told, or asks nobody: refused with `via_vip` by the configuration. */
const NOT_BY_VIP: ReadonlySet<string> = new Set(['icmp', 'script', 'file', 'bfd', 'fixed']);

/** What goes to the VIP through the member: once for each VIP and port of the listeners that forward unchanged packets. */
function viasOf(
  check: HealthCheck,
  member: Member,
  listeners: readonly Listener[],
  intent: Intent,
): readonly Omit<Probe, 'members'>[] {
  const probes: Omit<Probe, 'members'>[] = [];
  for (const { mode, vips, ports, tunnel } of listeners) {
    if ((mode !== 'dr' && mode !== 'tunnel') || ports[0] === undefined) continue;
    const port = check.port ?? member.checkPort ?? (member.port === 0 ? ports[0].from : member.port);
    for (const vipName of vips) {
      const vip = intent.vips.get(vipName)?.address;
      if (vip === undefined || vip.includes(':') !== member.address.includes(':')) continue;
      const isOther = mode === 'tunnel' && tunnel.type !== 'ipip';
      const via = {
        vip,
        how: mode,
        ...(isOther ? { fault: `probes do not go through ${tunnel.type}` } : {}),
      };
      const key = `${probeKey(check, member.address, port)} ${mode} ${vip} ${via.fault ?? ''}`.trimEnd();
      probes.push({ key, check, address: member.address, port, via });
    }
  }
  return probes;
}

/** Ports to check of a member that has none of its own: the first port of each listener on its pool. */
function servedPorts(
  member: Member,
  pool: Pool,
  listeners: ReadonlyMap<string, readonly Listener[]>,
): readonly number[] {
  if (member.port !== 0) return [member.port];
  const ports = (listeners.get(pool.name) ?? []).flatMap((listener) => listener.ports[0]?.from ?? []);
  return ports.length === 0 ? [0] : [...new Set(ports)];
}

/** What a check asks, apart from whom: one text for all the members of a pool. */
const QUESTIONS = new WeakMap<HealthCheck, string>();

export function probeKey(check: HealthCheck, address: string, port: number): string {
  let question = QUESTIONS.get(check);
  if (question === undefined) {
    const { address: _address, port: _port, ...rest } = check;
    question = stableJson(rest);
    QUESTIONS.set(check, question);
  }
  return `${check.type} ${endpointKey(address, port)} ${question}`;
}
