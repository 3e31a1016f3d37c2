// virtual_server to listeners, with the pool each sends to.
import { formatDuration } from '../../../lib/duration.ts';
import { familyOf } from '../../../lib/ip.ts';
import { SCHEDULERS } from '../../../model/protocol.ts';
import type { CheckWorld } from './check-scope.ts';
import { type Draft, vipFor, whence } from './draft.ts';
import { serviceName } from './names.ts';
import { parseGranularity } from './numbers.ts';
import { membersOf, type PoolParts, poolParts } from './pools.ts';
import { intOf, openScope, refuse, type Scope, timerOf } from './scope.ts';
import { type ListenTarget, targetsOf } from './targets.ts';
import type { Directive } from './tree.ts';
import { type Yaml, type YamlMap, yamlMap } from './yaml.ts';

const MODES: Readonly<Record<string, string>> = { NAT: 'nat', DR: 'dr', TUN: 'tunnel' };
const KERNEL_SCHEDULERS = new Set<string>(
  SCHEDULERS.filter((name) => !['uri', 'header', 'random'].includes(name)),
);
// man keepalived.conf: persistence_timeout alone is six minutes.
const DEFAULT_PERSISTENCE_MS = 360_000;

export function addServer(
  draft: Draft,
  world: CheckWorld,
  server: Directive,
  groups: ReadonlyMap<string, Directive>,
): void {
  const { ledger } = draft;
  const scope = openScope(ledger, 'virtual_server', server);
  const targets = targetsOf(ledger, server, groups);
  if (targets.length === 0) {
    ledger.mark(server, server.name, 'not carried', 'it listens on nothing');
    return;
  }
  const mode = modeOf(draft, scope.one('lvs_method'));
  const members = membersOf(draft, world, scope, mode.word, targets);
  if (members.maps.length === 0) {
    ledger.mark(server, server.name, 'not carried', 'it has no real_server; keepalived ignores it too');
    return;
  }
  const pool = poolParts(draft, scope, members);
  const shared = targets.length > 1;
  const names = targets.map((target) =>
    listenerName(draft, scope, server, target, protocolOf(draft, scope, target)),
  );
  for (const [index, target] of targets.entries()) {
    draft.listeners.push(
      listener(draft, scope, target, mode, names[index]!, shared ? names[0]! : pool, server),
    );
  }
  if (shared)
    draft.pools.push(yamlMap({ name: names[0]!, ...pool }, { comment: `${whence(server)} ${server.raw}` }));
}

function listener(
  draft: Draft,
  scope: Scope,
  target: ListenTarget,
  mode: ReturnType<typeof modeOf>,
  name: string,
  pool: string | PoolParts,
  server: Directive,
): YamlMap {
  const protocol = protocolOf(draft, scope, target);
  const place =
    target.kind === 'mark'
      ? { mark: target.mark, mark_family: markFamily(draft, scope, target) }
      : addressFields(draft, target, server);
  return yamlMap(
    {
      name,
      ...place,
      protocol,
      mode: mode.word,
      tunnel: mode.tunnel,
      scheduler: schedulerOf(draft, scope, protocol, target),
      persistence: persistenceOf(
        draft,
        scope,
        target.kind === 'mark' ? markFamily(draft, scope, target) : target.family,
        protocol,
      ),
      ...(typeof pool === 'string' ? { pool } : pool),
    },
    { comment: `${whence(server)} ${server.raw}` },
  );
}

function addressFields(draft: Draft, target: ListenTarget & { kind: 'addresses' }, server: Directive) {
  const vips = target.addresses.map((address) => vipFor(draft, address, server).name);
  const ports = target.ports.map((port): Yaml => {
    if (port !== 0) return port;
    draft.ledger.mark(server, server.name, 'changed', 'no port is every port, written as 1-65535');
    return '1-65535';
  });
  return {
    vip: vips.length === 1 ? vips[0]! : undefined,
    vips: vips.length === 1 ? undefined : vips,
    port: ports.length === 1 ? ports[0]! : undefined,
    ports: ports.length === 1 ? undefined : ports,
  };
}

function listenerName(
  draft: Draft,
  scope: Scope,
  server: Directive,
  target: ListenTarget,
  protocol: string,
): string {
  const given = scope.one('snmp_name')?.args[0];
  const group = server.args[0] === 'group' ? server.args[1] : undefined;
  const own = given ?? group;
  const under = own === undefined ? '' : `${own}-`;
  const first = own === undefined ? [] : [own];
  if (target.kind === 'mark') return draft.listenerNames.take(...first, `${under}mark-${target.mark}`);
  const port = target.ports[0]!;
  const service = under + (port === 0 ? `${protocol}-all` : serviceName(protocol, port));
  const vip = vipFor(draft, target.addresses[0]!, server).name;
  return draft.listenerNames.take(...first, service, `${service}-${protocol}`, `${service}-${vip}`);
}

/** keepalived hands 0 to the kernel, which takes it for UDP; with a mark it is not looked at. */
function protocolOf(draft: Draft, scope: Scope, target: ListenTarget): string {
  const directive = scope.one('protocol');
  const text = directive?.args[0]?.toLowerCase();
  if (text === 'tcp' || text === 'udp' || text === 'sctp') {
    if (target.kind === 'mark')
      draft.ledger.mark(
        directive!,
        directive!.name,
        'changed',
        'keepalived does not look at it beside a mark',
      );
    return text;
  }
  if (directive !== undefined) refuse(draft.ledger, directive, 'must be TCP, UDP or SCTP', text ?? '');
  // Of a mark any packet is taken; our language wants a word, and SIP sticks by UDP alone.
  if (target.kind === 'mark') return scope.has('persistence_engine') ? 'udp' : 'tcp';
  const owner = scope.owner!;
  draft.ledger.mark(owner, owner.name, 'changed', 'no protocol is given: keepalived 2 takes that for UDP');
  draft.ledger.say(
    'warning',
    'import-no-protocol',
    owner,
    'Cannot tell the protocol as none is given: udp is written, as keepalived 2 reads it',
    'Write "protocol: tcp" if TCP was meant',
  );
  return 'udp';
}

function modeOf(
  draft: Draft,
  directive: Directive | undefined,
): { word: string; tunnel: YamlMap | undefined } {
  if (directive === undefined) return { word: 'nat', tunnel: undefined };
  const word = MODES[directive.args[0]?.toUpperCase() ?? ''];
  if (word === undefined) {
    refuse(draft.ledger, directive, 'must be NAT, DR or TUN', directive.args[0] ?? '');
    return { word: 'nat', tunnel: undefined };
  }
  if (word !== 'tunnel') return { word, tunnel: undefined };
  const words = directive.args.slice(1);
  const type = words[words.indexOf('type') + 1];
  if (!words.includes('type') || type === undefined) return { word, tunnel: undefined };
  const port = words.includes('port')
    ? intOf(draft.ledger, directive, 1, 65535, words.indexOf('port') + 2)
    : undefined;
  const checksum = words.includes('csum') ? 'full' : words.includes('remcsum') ? 'remote' : 'none';
  if (!['ipip', 'gue', 'gre'].includes(type)) {
    refuse(draft.ledger, directive, 'must have type ipip, gue or gre', type);
    return { word, tunnel: undefined };
  }
  return {
    word,
    tunnel: yamlMap({ type, port, checksum: type === 'ipip' ? undefined : checksum }, { flow: true }),
  };
}

function schedulerOf(draft: Draft, scope: Scope, protocol: string, target: ListenTarget): Yaml {
  const { ledger } = draft;
  const directive = scope.one('lvs_sched');
  const text = directive?.args[0]?.toLowerCase() ?? 'wlc';
  const known = KERNEL_SCHEDULERS.has(text);
  if (!known) refuse(ledger, directive!, 'must be a scheduler of IPVS', text);
  const name = known ? text : 'wlc';
  const flags: string[] = [];
  for (const [row, flag] of [
    ['flag-2', 'port'],
    ['flag-1', 'fallback'],
  ] as const) {
    const directives = scope.all(row);
    if (directives.length === 0) continue;
    if (name === 'sh' || name === 'mh') flags.push(flag);
    else
      for (const one of directives)
        ledger.mark(one, one.name, 'not carried', `scheduler ${name} has no such flag`);
  }
  const ops = scope.one('ops');
  if (ops !== undefined) {
    if (protocol === 'udp' || target.kind === 'mark') flags.push('one-packet');
    else ledger.mark(ops, ops.name, 'not carried', 'it is for UDP; keepalived resets it too');
  }
  return flags.length === 0 ? name : yamlMap({ name, flags }, { flow: true });
}

function persistenceOf(draft: Draft, scope: Scope, family: 4 | 6, protocol: string): YamlMap | undefined {
  const { ledger } = draft;
  const directive = scope.one('persistence_timeout');
  const engine = scope.one('persistence_engine');
  const granularity = scope.one('persistence_granularity');
  if (directive === undefined && granularity === undefined && engine === undefined) return undefined;
  const bare = directive === undefined || directive.args.length === 0;
  const timeout = bare ? DEFAULT_PERSISTENCE_MS : timerOf(ledger, directive, 86_400 * 31);
  if (bare)
    ledger.mark(
      directive ?? granularity ?? engine!,
      (directive ?? granularity ?? engine!).name,
      'carried',
      'without a time it is 360 s',
    );
  if (timeout === undefined || timeout < 1000) return undefined;
  const asked = engine?.args[0]?.toLowerCase() === 'sip';
  if (engine !== undefined && !asked) refuse(ledger, engine, 'must be sip', engine.args[0] ?? '');
  const sip = asked && protocol === 'udp';
  if (asked && !sip)
    ledger.mark(
      engine!,
      engine!.name,
      'not carried',
      'the kernel knows it for UDP alone: clients stick by address',
    );
  const length = granularity && parseGranularity(granularity.args[0] ?? '');
  if (granularity !== undefined && (length === undefined || (family === 4 && length > 32)))
    refuse(ledger, granularity, 'must be a netmask or a prefix length', granularity.args[0] ?? '');
  const usable = length !== undefined && (family === 6 || length <= 32) ? length : undefined;
  return yamlMap(
    {
      type: sip ? 'sip' : 'source',
      timeout: formatDuration(timeout),
      granularity: family === 4 && !sip ? usable : undefined,
      granularity6: family === 6 && !sip ? usable : undefined,
    },
    { flow: true },
  );
}

function markFamily(draft: Draft, scope: Scope, target: ListenTarget & { kind: 'mark' }): 4 | 6 {
  const directive = scope.one('ip_family');
  if (target.family !== undefined) return target.family;
  const text = directive?.args[0];
  if (text === 'inet6') return 6;
  if (text === 'inet') return 4;
  if (directive !== undefined) refuse(draft.ledger, directive, 'must be inet or inet6', text ?? '');
  const first = scope.all('real_server')[0]?.args[0] ?? '';
  return familyOf(first) ?? 4;
}
