// Health checks: times that fit each other, a port to ask, expressions that can be read.

import { formatDuration } from '../../lib/duration.ts';
import { familyOf } from '../../lib/ip.ts';
import type { HealthCheck, TlsCheckOptions } from '../../model/health-check.ts';
import type { Member, Pool } from '../../model/pool.ts';
import { below, type Origin } from '../report.ts';
import type { CheckDoc } from '../schema/health.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';
import { regexFault } from './regex.ts';

const SHORTEST_MS = 100;
const NEEDS_PORT = new Set<HealthCheck['type']>([
  'tcp',
  'http',
  'https',
  'tls-hello',
  'grpc',
  'dns',
  'smtp',
  'udp',
]);
const REQUEST_KEYS = ['method', 'path', 'headers', 'codes', 'body', 'body_invert', 'digest'] as const;

export function checkHealth(context: CheckContext): void {
  context.open.eachPool((pool) => {
    pool.checks.forEach((check, index) => {
      checkOne(context, pool, check, () => context.at(pool, 'health', index));
    });
    pool.members.forEach((member, index) => {
      member.checks?.forEach((check, number) => {
        checkOne(context, pool, check, () => context.at(pool, 'members', index, 'health', number));
      });
    });
    checkPortOf(context, pool);
    if (pool.members.length === 1 && pool.checks.some((check) => check.fall === 1 && check.type !== 'fixed'))
      context.report.add(
        'single-fall',
        context.at(pool, 'health'),
        `One failed check takes the only member of pool "${pool.name}" down`,
        {
          hint: 'Set fall to 2 or more',
        },
      );
  });
  for (const { doc, origin } of [...context.merged.pools, ...context.merged.listeners]) {
    if (NOTHING_ASKED_TWICE.has(doc)) continue;
    const before = context.report.findings.length;
    doc.health?.forEach((check, index) => {
      checkRequests(context, check, below(origin, 'health', index));
    });
    doc.members?.forEach((member, index) => {
      member.health?.forEach((check, number) => {
        checkRequests(context, check, below(origin, 'members', index, 'health', number));
      });
    });
    if (context.report.findings.length === before) NOTHING_ASKED_TWICE.add(doc);
  }
}

/** Words of pools and listeners that have nothing of this fault, whatever stands around them. */
const NOTHING_ASKED_TWICE = new WeakSet<object>();

function checkRequests(context: CheckContext, doc: CheckDoc, origin: Origin): void {
  if ((doc.type !== 'http' && doc.type !== 'https') || doc.requests === undefined) return;
  for (const key of REQUEST_KEYS)
    if (doc[key] !== undefined)
      context.report.add('check-requests', below(origin, key), `"requests" and "${key}" are both set`, {
        what: 'key',
      });
}

/** What has no ports of its own to be told by, or asks nobody at all. */
const NOT_BY_VIP: ReadonlySet<string> = new Set(['icmp', 'script', 'file', 'bfd', 'fixed']);

function checkOne(context: CheckContext, pool: Pool, check: HealthCheck, place: () => Origin): void {
  const { report, intent } = context;
  const at = (key: string) => below(place(), key);
  if (check.timeoutMs > check.intervalMs)
    report.add(
      'timeout-over-interval',
      at('timeout'),
      `The timeout must not be longer than the interval: ${formatDuration(check.timeoutMs)} is longer than ${formatDuration(check.intervalMs)}`,
    );
  if (check.intervalMs < SHORTEST_MS)
    report.add(
      'interval-short',
      at('interval'),
      `Checks every ${formatDuration(check.intervalMs)} load the members`,
    );
  if (check.fastIntervalMs > check.intervalMs)
    report.add(
      'fast-interval-slow',
      at('fast_interval'),
      `The fast interval ${formatDuration(check.fastIntervalMs)} is longer than the interval ${formatDuration(check.intervalMs)}`,
    );
  if (check.viaVip && NOT_BY_VIP.has(check.type))
    report.add(
      'check-via-vip',
      at('via_vip'),
      `via_vip goes with checks over TCP and UDP: a check of type ${check.type} does not go to the VIP`,
    );
  if (check.viaVip) {
    const wrong = (context.usersOf.get(pool.name) ?? []).find(
      (listener) => listener.mode !== 'dr' && listener.mode !== 'tunnel',
    );
    const other = (context.usersOf.get(pool.name) ?? []).find(
      ({ mode, tunnel }) => mode === 'tunnel' && tunnel.type !== 'ipip',
    );
    if (other !== undefined)
      report.add(
        'check-via-vip',
        at('via_vip'),
        `via_vip goes through tunnels of type ipip: listener "${other.name}" has ${other.tunnel.type}, and its checks would fail`,
      );
    if (wrong !== undefined)
      report.add(
        'check-via-vip',
        at('via_vip'),
        `via_vip goes with dr and tunnel: listener "${wrong.name}" has mode ${wrong.mode}`,
      );
  }
  if (check.sourceAddress !== undefined) {
    const family = familyOf(check.sourceAddress);
    const asked =
      check.address === undefined
        ? pool.members.map((member) => member.checkAddress ?? member.address)
        : [check.address];
    const other = asked.find((address) => familyOf(address) !== family);
    if (other !== undefined)
      report.add(
        'check-family',
        at('source'),
        `The source ${check.sourceAddress} cannot reach ${other}, which is of another family`,
      );
  }
  checkDetail(context, check, place);
  if (check.type === 'bfd')
    checkReference(context, at('session'), check.session, {
      noun: 'BFD session',
      names: new Set(intent.ha?.bfd.map((session) => session.name)),
      section: 'ha',
    });
}

function checkDetail(context: CheckContext, check: HealthCheck, origin: () => Origin): void {
  const { report } = context;
  const at = (key: string) => below(origin(), key);
  const regex = (key: string, pattern: string | undefined, place = at) => {
    const fault = pattern === undefined ? undefined : regexFault(pattern);
    if (fault !== undefined)
      report.add('check-regex', place(key), `The regular expression of "${key}" cannot be read: ${fault}`);
  };
  switch (check.type) {
    case 'http':
    case 'https':
      check.requests.forEach((request, index) => {
        const many = check.requests.length > 1;
        const place = (key: string) => (many ? below(origin(), 'requests', index, key) : at(key));
        regex('body', request.body, place);
        if (request.method === 'HEAD' && (request.body !== undefined || request.digest !== undefined))
          report.add('check-head-body', place('method'), 'HEAD has no body that could be compared', {
            hint: 'Use GET',
          });
      });
      if (check.type === 'https') checkTlsOptions(context, check.tls, origin);
      break;
    case 'tls-hello':
    case 'grpc':
    case 'smtp':
      checkTlsOptions(context, check.tls, origin);
      break;
    case 'tcp':
      regex('expect', check.expect);
      break;
    case 'udp':
      regex('expect', check.expect);
      if (check.minReplyBytes > check.maxReplyBytes)
        report.add(
          'check-reply-range',
          at('min_reply_bytes'),
          `min_reply_bytes must not be above max_reply_bytes: ${check.minReplyBytes} is above ${check.maxReplyBytes}`,
        );
      break;
    case 'script':
      if (!check.command[0]?.startsWith('/'))
        report.add(
          'check-script-path',
          below(origin(), 'command', 0),
          `A program is named by its absolute path: current value is "${check.command[0] ?? ''}"`,
        );
      break;
    case 'file':
      if (!check.path.startsWith('/'))
        report.add(
          'relative-path',
          at('path'),
          `The path must be absolute: current value is "${check.path}"`,
        );
      break;
    case 'fixed':
      if (check.state === 'down')
        report.add('check-always-down', at('state'), 'A fixed check keeps all members down');
      break;
    default:
  }
}

function checkTlsOptions(
  context: CheckContext,
  tls: TlsCheckOptions | undefined,
  origin: () => Origin,
): void {
  if (tls === undefined) return;
  if ((tls.clientCertificate === undefined) !== (tls.clientKey === undefined))
    context.report.add(
      'check-client-key',
      below(origin(), tls.clientKey === undefined ? 'client_certificate' : 'client_key'),
      'client_certificate and client_key must both be set',
    );
}

/** A member without a port is checked on the listener's, where that is one port only. */
function checkPortOf(context: CheckContext, pool: Pool): void {
  const portless = pool.members.findIndex((member) => member.port === 0 && member.checkPort === undefined);
  if (portless === -1) return;
  const users = context.usersOf.get(pool.name) ?? [];
  const ports = new Set(
    users.flatMap((user) =>
      user.ports.map((range) => (range.from === range.to ? String(range.from) : 'range')),
    ),
  );
  const marked = users.some((user) => user.mark !== undefined);
  if (ports.size === 1 && !ports.has('range')) return;
  if (ports.size === 0 && !marked) return;
  const why =
    ports.size > 1
      ? 'its listeners have several ports'
      : marked
        ? 'its listener has a mark'
        : 'its listener has a port range';
  const blame = (check: HealthCheck, origin: Origin, member: Member) => {
    if (NEEDS_PORT.has(check.type) && check.port === undefined)
      context.report.add(
        'check-port-missing',
        origin,
        `Nothing says which port of ${member.address} to check: ${why}`,
        {
          hint: 'Set "port" in the check',
        },
      );
  };
  const member = pool.members[portless]!;
  if (pool.members.some((one) => one.checks === undefined))
    pool.checks.forEach((check, index) => {
      blame(check, context.at(pool, 'health', index), member);
    });
  pool.members.forEach((one, index) => {
    if (one.port === 0 && one.checkPort === undefined)
      one.checks?.forEach((check, number) => {
        blame(check, context.at(pool, 'members', index, 'health', number), one);
      });
  });
}
