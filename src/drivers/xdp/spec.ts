// Listener and member as the plane wants them, and the same as item fields: both ways, so that what was written reads back.
import { familyOf } from '../../lib/ip.ts';
import { formatPrefix, networkOf, parsePrefix } from '../../lib/prefix.ts';
import { OpError } from '../../model/errors.ts';
import type { Fields, FieldValue } from '../../model/item.ts';
import type { XdpMode, XdpScheduler, XdpTunnel } from './layout.ts';

export type XdpTransport = 'tcp' | 'udp' | 'sctp';

export interface ListenerKey {
  readonly transport: XdpTransport;
  readonly address: string;
  readonly portFrom: number;
  readonly portTo: number;
}

export interface ListenerSpec extends ListenerKey {
  readonly key: string;
  readonly mode: XdpMode;
  readonly scheduler: XdpScheduler;
  readonly hashPort: boolean;
  readonly fallback: boolean;
  readonly persistence?: { readonly ms: number; readonly length: number };
  readonly tunnel: XdpTunnel;
  readonly tunnelPort: number;
  readonly tunnelChecksum: boolean;
  /** fullnat; empty means the node's own address. */
  readonly sources: readonly string[];
  /** Canonical networks of the listener's family; undefined admits all. */
  readonly allowed?: readonly string[];
  readonly maxConnections: number;
  readonly connectionsPerSecond: number;
  readonly sourcePerSecond: number;
  /** Flows of a vanished member are reset, not re-hashed. */
  readonly reset: boolean;
}

export interface MemberSpec {
  readonly address: string;
  readonly port: number;
  readonly weight: number;
  readonly maxConnections: number;
  readonly minConnections: number;
  readonly reset: boolean;
}

const KEY = /^(tcp|udp|sctp)\/(?:\[([^\]]+)\]|([^:]+)):(\d+)(?:-(\d+))?$/;
const ENDPOINT = /^(?:\[([^\]]+)\]|([^:]+)):(\d+)$/;

export function parseListenerKey(key: string): ListenerKey {
  const found = KEY.exec(key);
  if (found === null) throw impossible(key, 'it has no address and port');
  const [, transport, six, four, from, to] = found;
  return {
    transport: transport as XdpTransport,
    address: six ?? four!,
    portFrom: Number(from),
    portTo: Number(to ?? from),
  };
}

/** `10.0.0.1:80` of `tcp/192.0.2.10:80 > 10.0.0.1:80` */
export function parseMemberKey(key: string): { readonly address: string; readonly port: number } {
  const found = ENDPOINT.exec(key);
  if (found === null) throw impossible(key, 'a member has an address and a port');
  return { address: found[1] ?? found[2]!, port: Number(found[3]) };
}

export function listenerFields(spec: ListenerSpec): Fields {
  const fields: Record<string, FieldValue> = { mode: spec.mode, scheduler: spec.scheduler };
  const flags = [...(spec.hashPort ? ['port'] : []), ...(spec.fallback ? ['fallback'] : [])];
  if (flags.length > 0) fields.flags = flags.join(',');
  if (spec.persistence !== undefined)
    fields.persistence = `${spec.persistence.ms} ms /${spec.persistence.length}`;
  if (spec.mode === 'tunnel')
    fields.tunnel =
      spec.tunnel === 'ipip' ? 'ipip' : `gue ${spec.tunnelPort}${spec.tunnelChecksum ? ' full' : ''}`;
  if (spec.mode === 'fullnat' || (spec.mode === 'onearm' && spec.sources.length > 0))
    fields.sources = spec.sources.length === 0 ? 'own' : [...spec.sources].sort().join(',');
  if (spec.allowed !== undefined)
    fields.allowed = spec.allowed.length === 0 ? 'none' : spec.allowed.join(',');
  if (spec.maxConnections > 0) fields.maxConnections = spec.maxConnections;
  if (spec.connectionsPerSecond > 0) fields.connectionsPerSecond = spec.connectionsPerSecond;
  if (spec.sourcePerSecond > 0) fields.perSourcePerSecond = spec.sourcePerSecond;
  if (spec.reset) fields.onFailure = 'reset';
  return fields;
}

export function listenerSpec(key: string, fields: Fields): ListenerSpec {
  const parsed = parseListenerKey(key);
  const text = (name: string) => (typeof fields[name] === 'string' ? (fields[name] as string) : undefined);
  const number = (name: string) => (typeof fields[name] === 'number' ? (fields[name] as number) : 0);
  const flags = text('flags')?.split(',') ?? [];
  const persistence = /^(\d+) ms \/(\d+)$/.exec(text('persistence') ?? '');
  const gue = /^gue (\d+)( full)?$/.exec(text('tunnel') ?? '');
  const allowed = text('allowed');
  const sources = text('sources') ?? 'own';
  return {
    ...parsed,
    key,
    mode: text('mode') as XdpMode,
    scheduler: text('scheduler') as XdpScheduler,
    hashPort: flags.includes('port'),
    fallback: flags.includes('fallback'),
    ...(persistence === null
      ? {}
      : { persistence: { ms: Number(persistence[1]), length: Number(persistence[2]) } }),
    tunnel: gue === null ? 'ipip' : 'gue',
    tunnelPort: Number(gue?.[1] ?? 0),
    tunnelChecksum: gue?.[2] !== undefined,
    sources: sources === 'own' ? [] : sources.split(','),
    ...(allowed === undefined ? {} : { allowed: allowed === 'none' ? [] : allowed.split(',') }),
    maxConnections: number('maxConnections'),
    connectionsPerSecond: number('connectionsPerSecond'),
    sourcePerSecond: number('perSourcePerSecond'),
    reset: text('onFailure') === 'reset',
  };
}

export function memberFields(spec: MemberSpec): Fields {
  return {
    weight: spec.weight,
    ...(spec.maxConnections === 0 ? {} : { maxConnections: spec.maxConnections }),
    ...(spec.minConnections === 0 ? {} : { minConnections: spec.minConnections }),
    ...(spec.reset ? { resetFlows: true } : {}),
  };
}

export function memberSpec(endpoint: string, fields: Fields): MemberSpec {
  const number = (name: string) => (typeof fields[name] === 'number' ? (fields[name] as number) : 0);
  return {
    ...parseMemberKey(endpoint),
    weight: number('weight'),
    maxConnections: number('maxConnections'),
    minConnections: number('minConnections'),
    reset: fields.resetFlows === true,
  };
}

/** Networks of one family, host bits cleared, sorted: the same set always reads the same. */
export function canonicalAllowed(prefixes: readonly string[], family: 4 | 6): readonly string[] {
  const networks = new Set<string>();
  for (const text of prefixes) {
    const prefix = parsePrefix(text);
    if (prefix?.family === family)
      networks.add(formatPrefix({ ...prefix, address: networkOf(prefix), length: prefix.length }));
  }
  return [...networks].sort();
}

/** Throws XDP_IMPOSSIBLE where member and listener cannot go together. */
export function checkMember(listener: ListenerSpec, member: MemberSpec): void {
  const family = familyOf(listener.address);
  if (listener.mode !== 'tunnel' && familyOf(member.address) !== family)
    throw impossible(
      listener.key,
      `member ${member.address} is of another family, which only mode "tunnel" can reach`,
    );
  const translating = listener.mode === 'nat' || listener.mode === 'onearm' || listener.mode === 'fullnat';
  if (!translating) return;
  const range = listener.portFrom !== listener.portTo;
  if (range && member.port !== 0)
    throw impossible(listener.key, `members of a port range keep the port: current value is ${member.port}`);
  if (listener.transport === 'sctp' && !range && member.port !== listener.portFrom)
    throw impossible(
      listener.key,
      `SCTP ports cannot change, as its CRC32c covers them: current value is ${member.port}`,
    );
}

export function impossible(key: string, why: string): OpError {
  return new OpError(
    'XDP_IMPOSSIBLE',
    `Cannot serve "${key}" by XDP as ${why}`,
    { op: 'desired', target: key },
    { retry: 'never' },
  );
}
