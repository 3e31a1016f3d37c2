// A probe: one question to one target. Members that ask the same thing of the same target share one.

import { Note } from '../lib/note.ts';
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

/** One question about one member (`pool/member`). */
export interface Ask extends Omit<Probe, 'members'> {
  readonly member: string;
}

type ByPool = () => ReadonlyMap<string, readonly Listener[]>;

/** Made when somebody asks: most pools ask nothing that depends on who uses them. */
export function listenersByPool(intent: Intent): ByPool {
  let made: ReadonlyMap<string, readonly Listener[]> | undefined;
  return () => {
    made ??= Map.groupBy(intent.listeners.values(), (one) => one.pool);
    return made;
  };
}

/** Whether what the pool asks depends on its listeners and their VIPs. */
export function needsIntent({ members, checks }: Pool): boolean {
  return members.some(
    (member) => member.port === 0 || (member.checks ?? checks).some(({ viaVip }) => viaVip === true),
  );
}

/** Everything that the pool wants asked, in the order of its members. */
export function asksOf(pool: Pool, listeners: ByPool, intent: Intent): readonly Ask[] {
  const asks: Ask[] = [];
  for (const one of pool.members) {
    const member = memberKey(pool.name, one.name);
    for (const check of one.checks ?? pool.checks) {
      const vias =
        check.viaVip && !NOT_BY_VIP.has(check.type)
          ? viasOf(check, one, listeners().get(pool.name) ?? [], intent)
          : [];
      for (const probe of vias) asks.push({ ...probe, member });
      if (vias.length > 0) continue;
      for (const port of servedPorts(one, pool, listeners))
        asks.push({ ...probeFor(check, one, port), member });
    }
  }
  return asks;
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
function servedPorts(member: Member, pool: Pool, listeners: ByPool): readonly number[] {
  if (member.port !== 0) return [member.port];
  const ports = (listeners().get(pool.name) ?? []).flatMap((listener) => listener.ports[0]?.from ?? []);
  return ports.length === 0 ? [0] : [...new Set(ports)];
}

/** What a check asks, apart from whom: one text for all the members of a pool. */
const QUESTIONS = new Note<HealthCheck, string>();

export function probeKey(check: HealthCheck, address: string, port: number): string {
  let question = QUESTIONS.get(check);
  if (question === undefined) {
    const { address: _address, port: _port, ...rest } = check;
    question = stableJson(rest);
    QUESTIONS.set(check, question);
  }
  return `${check.type} ${endpointKey(address, port)} ${question}`;
}
