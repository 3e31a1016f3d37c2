// Checkers of a real server to health checks, with the timers they inherit from real server and virtual server.
import { formatDuration } from '../../../lib/duration.ts';
import { httpChecks } from './check-http.ts';
import { dnsCheck, fileCheck, scriptCheck, smtpChecks, udpCheck } from './check-others.ts';
import { type CheckScopes, type CheckWorld, type Fields, inherited, targetOf } from './check-scope.ts';
import { flagOf, intOf, openScope, refuse, type Scope, timerOf } from './scope.ts';
import type { Directive } from './tree.ts';
import { type YamlMap, yamlMap } from './yaml.ts';

// man keepalived.conf: delay_loop 60, connect_timeout 5, retry 1 (DNS 3, MISC 0), delay_before_retry 1 (HTTP 3, DNS delay_loop).
const DEFAULT_DELAY_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 5000;

export function toChecks(
  world: CheckWorld,
  checker: Directive,
  outer: readonly Scope[],
  port: number | undefined,
): readonly YamlMap[] {
  const scope = openScope(world.ledger, checker.name, checker);
  const scopes: CheckScopes = { world, checker: scope, outer, port };
  const found = details(scopes, checker);
  return found.map((fields) => {
    if (fields.type === 'bfd') return yamlMap(fields, { flow: true });
    return yamlMap({ ...fields, ...timing(scopes, checker, fields) }, { flow: true });
  });
}

function details(scopes: CheckScopes, checker: Directive): readonly Fields[] {
  const { world, checker: scope } = scopes;
  switch (checker.name) {
    case 'TCP_CHECK':
      return [{ type: 'tcp', ...targetOf(scopes, scope) }];
    case 'PING_CHECK':
      return [{ type: 'icmp', ...targetOf(scopes, scope), port: undefined }];
    case 'HTTP_GET':
    case 'SSL_GET':
      return httpChecks(scopes, checker);
    case 'SMTP_CHECK':
      return smtpChecks(scopes);
    case 'DNS_CHECK':
      return [dnsCheck(scopes)];
    case 'UDP_CHECK':
      return [udpCheck(scopes)];
    case 'MISC_CHECK':
      return scriptCheck(scopes, checker);
    case 'FILE_CHECK':
      return fileCheck(scopes, checker);
    default: {
      const name = scope.one('name');
      const session = world.bfdSession(name?.args[0] ?? '');
      if (session !== undefined) return [{ type: 'bfd', session }];
      if (name !== undefined) refuse(world.ledger, name, 'must name a bfd_instance', name.args[0] ?? '');
      world.ledger.mark(checker, checker.name, 'not carried', 'it names no session');
      return [];
    }
  }
}

function timing(scopes: CheckScopes, checker: Directive, fields: Fields): Fields {
  const { ledger } = scopes.world;
  const dns = checker.name === 'DNS_CHECK';
  const script = checker.name === 'MISC_CHECK';
  const http = checker.name === 'HTTP_GET' || checker.name === 'SSL_GET';
  const delayFrom = inherited(scopes, 'delay_loop');
  const delay = Math.max(10, timerOf(ledger, delayFrom, 86_400) ?? DEFAULT_DELAY_MS);

  const retryFrom = inherited(scopes, 'retry');
  const retry = intOf(ledger, retryFrom, 0, 999) ?? (dns ? 3 : script ? 0 : 1);

  const beforeFrom = inherited(scopes, 'delay_before_retry');
  const before = timerOf(ledger, beforeFrom, 86_400) ?? (dns ? delay : http ? 3000 : 1000);
  const defaultCut =
    (beforeFrom === undefined && before > delay) ||
    (!script && DEFAULT_TIMEOUT_MS > delay && inherited(scopes, 'connect_timeout') === undefined);
  if (delayFrom !== undefined && defaultCut)
    ledger.mark(
      delayFrom,
      delayFrom.name,
      'changed',
      'a longer default (connect_timeout 5 s, delay_before_retry) is cut to it',
    );
  if (before > delay && beforeFrom !== undefined)
    ledger.mark(
      beforeFrom,
      beforeFrom.name,
      'changed',
      'cut to delay_loop: a retry waits no longer than a check',
    );

  const timeoutFrom = script ? scopes.checker.one('misc_timeout') : inherited(scopes, 'connect_timeout');
  const timeout = timerOf(ledger, timeoutFrom, 86_400) ?? (script ? delay : DEFAULT_TIMEOUT_MS);
  if (timeout > delay && timeoutFrom !== undefined)
    ledger.mark(
      timeoutFrom,
      timeoutFrom.name,
      'changed',
      'cut to delay_loop: an answer is waited for no longer than that',
    );

  const ownTimeout = fields.own_timeout as number | undefined;
  if (ownTimeout !== undefined && ownTimeout > delay)
    ledger.mark(checker, checker.name, 'changed', 'the connect_timeout of a host is cut to delay_loop');

  const alpha = flagOf(ledger, inherited(scopes, 'alpha')) ?? false;
  if (checker.name === 'FILE_CHECK') return { interval: formatDuration(delay), first: alpha ? 'down' : 'up' };
  return {
    interval: formatDuration(delay),
    fast_interval: formatDuration(Math.max(10, Math.min(before, delay))),
    timeout: formatDuration(Math.max(1, Math.min(ownTimeout ?? timeout, delay))),
    own_timeout: undefined,
    rise: 1,
    fall: retry + 1,
    first: alpha ? 'down' : 'up',
  };
}
