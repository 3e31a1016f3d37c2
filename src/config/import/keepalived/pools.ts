// real_server to members, and what a virtual_server says of all of them: checks, quorum, sorry server.
import { canonicalIp, isIp } from '../../../lib/ip.ts';
import { endpointKey } from '../../../model/keys.ts';
import type { CheckWorld } from './check-scope.ts';
import { toChecks } from './checks.ts';
import { type Draft, whence } from './draft.ts';
import { Names } from './names.ts';
import { quorumOf } from './quorum.ts';
import { flagOf, intOf, openScope, refuse, type Scope } from './scope.ts';
import type { ListenTarget } from './targets.ts';
import type { Directive } from './tree.ts';
import { type Yaml, type YamlMap, yamlMap } from './yaml.ts';

export type PoolParts = Readonly<Record<string, Yaml | undefined>>;

export interface Members {
  readonly maps: readonly YamlMap[];
  /** Of all of them together. */
  readonly weight: number;
  /** Checks all members share, if any. */
  readonly health: Yaml | undefined;
  readonly onFailure: 'keep' | 'remove';
  readonly mode: string;
}

interface Draftee {
  readonly server: Directive;
  readonly fields: Readonly<Record<string, Yaml | undefined>>;
  readonly weight: number;
  readonly checks: readonly YamlMap[];
  readonly checksKey: string;
  readonly keep: boolean;
}

export function membersOf(
  draft: Draft,
  world: CheckWorld,
  parent: Scope,
  mode: string,
  targets: readonly ListenTarget[],
): Members {
  const { ledger } = draft;
  const listensOn = new Set(targets.flatMap((target) => (target.kind === 'mark' ? [] : target.ports)));
  const defaultWeight = intOf(ledger, parent.one('weight'), 0, 65535) ?? 1;
  const seen = new Map<string, Directive>();
  const names = new Names();
  const found: Draftee[] = [];
  for (const server of parent.all('real_server')) {
    const one = toMember(draft, world, parent, server, { mode, listensOn, defaultWeight, names });
    if (one === undefined) continue;
    const key = endpointKey(String(one.fields.address), String(one.fields.port ?? 0));
    const twin = seen.get(key);
    if (twin !== undefined) {
      ledger.mark(server, server.name, 'not carried', `the same as line ${twin.line}`);
      continue;
    }
    seen.set(key, server);
    found.push(one);
  }
  const common = mostCommon(found.map((one) => one.checksKey));
  const onFailure =
    mostCommon(found.map((one) => (one.keep ? 'keep' : 'remove'))) === 'keep' ? 'keep' : 'remove';
  for (const one of found) {
    if (one.keep !== (onFailure === 'keep'))
      ledger.mark(
        one.server,
        one.server.name,
        'changed',
        `on_failure is of the whole pool: ${onFailure}, as most say`,
      );
  }
  const health = found.find((one) => one.checksKey === common)?.checks ?? [];
  return {
    mode,
    onFailure,
    weight: found.reduce((sum, { weight }) => sum + weight, 0),
    health: oneOrMany(health),
    maps: found.map((one) =>
      yamlMap(
        {
          ...one.fields,
          health: one.checksKey === common ? undefined : (oneOrMany(one.checks) ?? ALWAYS_UP),
        },
        { flow: true, comment: whence(one.server) },
      ),
    ),
  };
}

/** A member without a checker is never taken out, whatever the others are asked. */
const ALWAYS_UP = yamlMap({ type: 'fixed', state: 'up' }, { flow: true });

interface MemberContext {
  readonly mode: string;
  readonly listensOn: ReadonlySet<number>;
  readonly defaultWeight: number;
  readonly names: Names;
}

function toMember(
  draft: Draft,
  world: CheckWorld,
  parent: Scope,
  server: Directive,
  context: MemberContext,
): Draftee | undefined {
  const { ledger } = draft;
  const [text = '', portText] = server.args;
  const scope = openScope(ledger, 'real_server', server);
  if (!isIp(text)) {
    refuse(ledger, server, 'must be an IP address and a port', text);
    return undefined;
  }
  const given = portText === undefined ? 0 : (intOf(ledger, server, 0, 65535, 1) ?? 0);
  // Beside a mark alone keepalived clears the port: the packet keeps the one it came with.
  const rewrites = context.mode === 'nat' && context.listensOn.size > 0;
  if (context.listensOn.size === 0 && given !== 0)
    ledger.mark(
      server,
      server.name,
      'changed',
      'only checks use the port; keepalived clears it beside a mark',
    );
  if (!rewrites && given !== 0 && context.listensOn.size > 0 && !context.listensOn.has(given))
    ledger.mark(
      server,
      server.name,
      'changed',
      'the port is not carried: DR and TUN leave the port as it is',
    );
  const method = scope.one('lvs_method');
  if (method !== undefined && toMode(method.args[0]) !== context.mode)
    ledger.mark(method, method.name, 'not carried', 'all members of a listener share its mode');
  const snmp = scope.one('snmp_name')?.args[0];
  const checkPort = rewrites
    ? undefined
    : given !== 0
      ? given
      : [...context.listensOn].find((port) => port !== 0);
  const checks = scope
    .all('TCP_CHECK')
    .flatMap((checker) => toChecks(world, checker, [parent, scope], checkPort));
  const inhibit = scope.one('inhibit_on_failure') ?? parent.one('inhibit_on_failure');
  if (flagOf(ledger, scope.one('smtp_alert')) ?? true) draft.events.add('member');
  const weight = intOf(ledger, scope.one('weight'), 0, 65535) ?? context.defaultWeight;
  return {
    server,
    weight,
    fields: {
      name: snmp === undefined ? undefined : context.names.take(snmp),
      address: canonicalIp(text),
      port: rewrites && given !== 0 ? given : undefined,
      weight,
      max_connections: intOf(ledger, scope.one('uthreshold'), 0, 0xffffffff),
      min_connections: intOf(ledger, scope.one('lthreshold'), 0, 0xffffffff),
    },
    checks,
    checksKey: JSON.stringify(checks),
    keep: flagOf(ledger, inhibit) ?? false,
  };
}

function toMode(text: string | undefined): string {
  const modes: Readonly<Record<string, string>> = { NAT: 'nat', DR: 'dr', TUN: 'tunnel' };
  return modes[text?.toUpperCase() ?? ''] ?? '';
}

export function poolParts(draft: Draft, scope: Scope, members: Members): PoolParts {
  const { ledger } = draft;
  if (flagOf(ledger, scope.one('smtp_alert')) ?? false) draft.events.add('quorum');
  return {
    members: members.maps,
    health: members.health,
    quorum: quorumOf(draft, scope, members.weight),
    sorry: sorryOf(draft, scope, members.mode),
    on_failure: members.onFailure,
  };
}

function sorryOf(draft: Draft, scope: Scope, mode: string): YamlMap | undefined {
  const directive = scope.one('sorry_server');
  if (directive === undefined) return undefined;
  const text = directive.args[0] ?? '';
  if (!isIp(text)) return refuse(draft.ledger, directive, 'must be an IP address', text);
  const port = directive.args[1] === undefined ? undefined : intOf(draft.ledger, directive, 0, 65535, 1);
  return yamlMap(
    { address: canonicalIp(text), port: mode === 'nat' && port !== 0 ? port : undefined },
    { flow: true, comment: whence(directive) },
  );
}

function oneOrMany(checks: readonly YamlMap[]): Yaml | undefined {
  return checks.length === 0 ? undefined : checks.length === 1 ? checks[0] : checks;
}

function mostCommon(values: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].reduce(
    (best, one) => (one[1] > (best?.[1] ?? 0) ? one : best),
    undefined as [string, number] | undefined,
  )?.[0];
}
