// One Listener becomes one WorldListener for every address and port (or range) it takes.
import { endpointKey, listenerKey, markKey } from '../model/keys.ts';
import type { Listener, PortRange } from '../model/listener.ts';
import type { Pool } from '../model/pool.ts';
import { type ConcreteEngine, type Mode, transportOf } from '../model/protocol.ts';
import type { Vip } from '../model/vip.ts';
import type { WorldLayer7, WorldListener, WorldMember, WorldPool } from '../model/world.ts';
import { modeOn } from './choose-engine.ts';
import { familyOfCanonical, type PoolVerdict } from './judge-pool.ts';

export interface ExpandInput {
  readonly listener: Listener;
  readonly vips: readonly Vip[];
  readonly verdict: PoolVerdict;
  readonly rulePools: readonly PoolVerdict[];
  readonly engine: ConcreteEngine;
  readonly engineReason: string;
  readonly proxy: boolean;
  /** Source towards members of mode onearm, by VIP; those absent speak from the node's own address. */
  readonly sharedSources: ReadonlyMap<string, string>;
}

export function expandListener(input: ExpandInput): readonly WorldListener[] {
  const { listener } = input;
  if (listener.mark !== undefined) return [expandMark(input, listener.mark)];
  const expanded: WorldListener[] = [];
  for (const vip of input.vips)
    for (const ports of listener.ports) expanded.push(expandPorts(input, vip, ports));
  return expanded;
}

/** Keys of all that it becomes, whichever engine carries it. */
export function listenerKeysOf(listener: Listener, vips: readonly Vip[]): readonly string[] {
  if (listener.mark !== undefined) return [markKey(listener.mark, listener.markFamily ?? 4)];
  return vips.flatMap((vip) => listener.ports.map((ports) => keyOn(listener, vip, ports)));
}

function keyOn({ protocol }: Listener, vip: Vip, ports: PortRange): string {
  return listenerKey(transportOf(protocol), vip.address, ports.from, ports.to);
}

const NONE: readonly string[] = [];

/** Pools that the rules of a listener send to, each once, in the order of the rules. */
export function rulePoolNames(listener: Listener): readonly string[] {
  if (listener.http === undefined) return NONE;
  const names = new Set<string>();
  for (const rule of listener.http.rules) if (rule.action.kind === 'pool') names.add(rule.action.pool);
  return [...names];
}

function expandMark(input: ExpandInput, mark: number): WorldListener {
  const family = input.listener.markFamily ?? 4;
  return build(input, markKey(mark, family), '', { from: 0, to: 0 }, family, mark);
}

function expandPorts(input: ExpandInput, vip: Vip, ports: PortRange): WorldListener {
  const key = keyOn(input.listener, vip, ports);
  const expanded = build(input, key, vip.address, ports, familyOfCanonical(vip.address));
  const shared = input.sharedSources.get(vip.name);
  // IPVS takes the source from the firewall, whose connections no peer knows.
  return shared === undefined || expanded.mode !== 'onearm' || expanded.engine === 'ipvs'
    ? expanded
    : { ...expanded, sourceAddresses: [shared] };
}

/** Optional fields are set afterwards rather than spread: this runs for every listener of a whole configuration. */
type Draft = { -readonly [Field in keyof WorldListener]: WorldListener[Field] };

function build(
  input: ExpandInput,
  key: string,
  address: string,
  ports: PortRange,
  family: 4 | 6,
  mark?: number,
): WorldListener {
  const { listener, verdict, engine, proxy } = input;
  const { pool } = verdict;
  const mode = modeOn(listener, engine, proxy);
  const members = toMembers(verdict, ports, family, mode);
  const built: Draft = {
    key,
    name: listener.name,
    pool: pool.name,
    protocol: listener.protocol,
    transport: transportOf(listener.protocol),
    address,
    portFrom: ports.from,
    portTo: ports.to,
    family,
    engine,
    engineReason: input.engineReason,
    mode,
    tunnel: listener.tunnel,
    scheduler: listener.scheduler,
    schedulerFlags: listener.schedulerFlags,
    members,
    onFailure: pool.onFailure,
    drainMs: pool.drainMs,
    sourceAddresses: listener.sourceAddresses,
    allowedSources: listener.allowedSources,
    limits: listener.limits,
    adopt: listener.adopt,
  };
  if (mark !== undefined) built.mark = mark;
  if (listener.schedulerKey !== undefined) built.schedulerKey = listener.schedulerKey;
  if (listener.persistence !== undefined) built.persistence = listener.persistence;
  if (mode === 'proxy') built.layer7 = toLayer7(input, ports, family);
  return built;
}

/** Rows of one listener. A packet forwarder cannot change the address family, so those of the other one are left out. */
function toMembers(whole: PoolVerdict, ports: PortRange, family: 4 | 6, mode: Mode): readonly WorldMember[] {
  const port = ports.from === ports.to ? ports.from : 0;
  const crosses = crossesFamilies(mode);
  const verdict = crosses ? whole : (whole.byFamily?.[family] ?? whole);
  const rows: WorldMember[] = [];
  for (const { member, weight, present, resetFlows, reason } of verdict.members) {
    if (!crosses && familyOfCanonical(member.address) !== family) continue;
    const memberPort = member.port === 0 ? port : member.port;
    rows.push({
      key: endpointKey(member.address, memberPort),
      name: member.name,
      address: member.address,
      port: memberPort,
      weight: member.weight,
      effectiveWeight: weight,
      present,
      resetFlows,
      maxConnections: member.maxConnections,
      minConnections: member.minConnections,
      reason,
    });
  }
  const { sorry } = verdict.pool;
  if (!verdict.sorry || sorry === undefined) return rows;
  if (!crosses && familyOfCanonical(sorry.address) !== family) return rows;
  return withSorry(rows, sorry.address, sorry.port === 0 ? port : sorry.port);
}

/** Only a tunnel or a proxy reaches a member of the other address family. */
export function crossesFamilies(mode: Mode): boolean {
  return mode === 'tunnel' || mode === 'proxy';
}

/** Where the sorry server is a member too, it keeps one row and answers. */
function withSorry(rows: readonly WorldMember[], address: string, port: number): readonly WorldMember[] {
  const key = endpointKey(address, port);
  const sorry: WorldMember = {
    key,
    name: 'sorry',
    address,
    port,
    weight: 1,
    effectiveWeight: 1,
    present: true,
    resetFlows: false,
    maxConnections: 0,
    minConnections: 0,
    reason: 'SorryServer',
  };
  return [...rows.filter((row) => row.key !== key), sorry];
}

function toLayer7(input: ExpandInput, ports: PortRange, family: 4 | 6): WorldLayer7 {
  const { listener } = input;
  const { pool } = input.verdict;
  const sorryPort = pool.sorry?.port === 0 ? ports.from : pool.sorry?.port;
  return {
    timeouts: listener.timeouts,
    ...(listener.tls === undefined ? {} : { tls: listener.tls }),
    ...(listener.http === undefined ? {} : { http: listener.http }),
    acceptProxy: listener.acceptProxy,
    raw: listener.raw,
    ...(pool.sorry === undefined ? {} : { sorry: { address: pool.sorry.address, port: sorryPort! } }),
    poolOptions: poolOptions(pool),
    rulePools: input.rulePools.map(
      (verdict): WorldPool => ({
        name: verdict.pool.name,
        drainMs: verdict.pool.drainMs,
        members: toMembers(verdict, ports, family, 'proxy'),
        options: poolOptions(verdict.pool),
      }),
    ),
  };
}

function poolOptions({ tls, passive, sendProxy, maxQueue, slowStartMs }: Pool): WorldLayer7['poolOptions'] {
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(passive === undefined ? {} : { passive }),
    sendProxy,
    maxQueue,
    slowStartMs,
  };
}
