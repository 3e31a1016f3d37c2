// SMTP_CHECK, DNS_CHECK, UDP_CHECK, MISC_CHECK and FILE_CHECK to health checks.
import { type CheckScopes, type Fields, targetOf } from './check-scope.ts';
import { expectationOf, hexBytes } from './numbers.ts';
import { flagOf, intOf, openScope, refuse, timerOf } from './scope.ts';
import type { Directive } from './tree.ts';
import { splitArguments } from './words.ts';

/** Old files name the machines to ask in `host` blocks; each is a check of its own. */
export function smtpChecks(scopes: CheckScopes): readonly Fields[] {
  const { ledger } = scopes.world;
  const helo = scopes.checker.one('helo_name')?.args[0];
  const hosts = scopes.checker.all('host');
  const target = targetOf(scopes, scopes.checker);
  if (hosts.length === 0) return [{ type: 'smtp', ...target, helo }];
  return hosts.map((host) => {
    const scope = openScope(ledger, 'host', host);
    const own = targetOf({ ...scopes, port: undefined }, scope);
    const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
    return {
      type: 'smtp',
      ...target,
      ...given,
      helo,
      own_timeout: timerOf(ledger, scope.one('connect_timeout'), 86_400),
    };
  });
}

const RECORDS = ['A', 'NS', 'CNAME', 'SOA', 'MX', 'TXT', 'AAAA'];

export function dnsCheck(scopes: CheckScopes): Fields {
  const type = scopes.checker.one('type');
  const record = type?.args[0]?.toUpperCase() ?? 'SOA';
  if (!RECORDS.includes(record))
    refuse(scopes.world.ledger, type!, `must be one of ${RECORDS.join(', ')}`, record);
  return {
    type: 'dns',
    ...targetOf(scopes, scopes.checker),
    name: scopes.checker.one('name')?.args[0] || '.',
    record: RECORDS.includes(record) ? record : 'SOA',
  };
}

// A reply pattern becomes a nested expression; nobody compares more than the head of a datagram.
const LONGEST_PATTERN = 255;

export function udpCheck(scopes: CheckScopes): Fields {
  const { ledger } = scopes.world;
  const scope = scopes.checker;
  const payload = scope.one('payload');
  const payloadBytes = payload && hexBytes(payload.args, false);
  if (payload !== undefined && (payloadBytes === undefined || payloadBytes.length === 0))
    refuse(ledger, payload, 'must be hex digits', payload.args.join(' '));
  const reply = scope.one('require_reply');
  const replyBytes = reply && hexBytes(reply.args, true);
  const usable = replyBytes !== undefined && replyBytes.length <= LONGEST_PATTERN;
  if (reply !== undefined && !usable)
    refuse(
      ledger,
      reply,
      `must be at most ${LONGEST_PATTERN} bytes as hex digits or x`,
      reply.args.join(' '),
    );
  const min = intOf(ledger, scope.one('min_reply_length'), 0, 65507);
  const max = intOf(ledger, scope.one('max_reply_length'), 0, 65507);
  return {
    type: 'udp',
    ...targetOf(scopes, scope),
    payload: payloadBytes === undefined || payloadBytes.length === 0 ? undefined : payloadBytes.join(''),
    require_reply: reply === undefined ? undefined : true,
    expect: usable && replyBytes.length > 0 ? expectationOf(replyBytes) : undefined,
    min_reply_bytes: reply === undefined ? undefined : min,
    // keepalived's own default; ours admits any length.
    max_reply_bytes: reply === undefined ? undefined : (max ?? 255),
  };
}

export function scriptCheck(scopes: CheckScopes, checker: Directive): readonly Fields[] {
  const { ledger } = scopes.world;
  const path = scopes.checker.one('misc_path');
  const command = path === undefined ? [] : commandOf(path);
  if (command.length === 0) {
    ledger.mark(checker, checker.name, 'not carried', 'it has no misc_path');
    return [];
  }
  const user = scopes.checker.one('user');
  if (user !== undefined && user.args.length > 1)
    ledger.mark(user, user.name, 'changed', 'the group is the one of the user');
  return [
    {
      type: 'script',
      command,
      user: user?.args[0] ?? scopes.world.scriptUser,
      dynamic_weight: scopes.checker.one('misc_dynamic') === undefined ? undefined : true,
    },
  ];
}

/** A script with its arguments: in one quoted string or as several words. */
export function commandOf(directive: Directive): readonly string[] {
  const words = splitArguments(directive.raw).slice(1);
  const first = words[0];
  if (first === undefined) return [];
  const split = words.length === 1 && /\s/.test(first) ? splitArguments(first) : words;
  return split.filter((word) => word !== '').map((word) => word.replaceAll('\0', ''));
}

export function fileCheck(scopes: CheckScopes, checker: Directive): readonly Fields[] {
  const { ledger } = scopes.world;
  const name = scopes.checker.one('track_file');
  const path = scopes.world.trackFile(name?.args[0] ?? '');
  if (path === undefined) {
    if (name !== undefined)
      refuse(ledger, name, 'must name a track_file block with a file', name.args[0] ?? '');
    ledger.mark(checker, checker.name, 'not carried', 'it names no file');
    return [];
  }
  const dynamic = flagOf(ledger, scopes.checker.one('dynamic'));
  return [{ type: 'file', path, dynamic_weight: dynamic === true ? true : undefined }];
}
