// Layer 7 rules in their order: the first whose matches all hold acts, whatever its kind.

import { InputError } from '../../../model/errors.ts';
import type { HttpRule, RuleAction } from '../../../model/http.ts';
import type { WorldListener } from '../../../model/world.ts';
import { backendName, poolKey } from '../names.ts';
import { comment, quote, quoteFormat } from '../quote.ts';
import { matchLine } from './match.ts';

/** HAProxy reads at most 64 words on a line. */
const MAX_MATCHES = 50;

/** Codes that "deny" knows an error page for; the others are answered without one. */
const DENIED = [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504];

/**
 * HAProxy runs all its http-request rules before it picks a backend, so a pool that was chosen is kept in a variable and
 * every later rule stands back.
 */
export function httpRuleLines(listener: WorldListener): string[] {
  return ruleLines(listener, 'http-request', httpAction);
}

/** TLS passed through: only the hello of the client is read. */
export function tlsRuleLines(listener: WorldListener): string[] {
  const inspectMs = listener.layer7?.timeouts.inspectMs ?? 0;
  const lines = ruleLines(listener, 'tcp-request content', tcpAction);
  if (lines.length === 0 && inspectMs === 0) return [];
  return [
    `tcp-request inspect-delay ${inspectMs > 0 ? inspectMs : DEFAULT_INSPECT_MS}ms`,
    'tcp-request content reject if !{ req.ssl_hello_type 1 }',
    ...lines,
  ];
}

const DEFAULT_INSPECT_MS = 5000;

function ruleLines(
  listener: WorldListener,
  stage: string,
  actionOf: (action: RuleAction, listener: WorldListener) => string,
): string[] {
  const rules = listener.layer7?.http?.rules ?? [];
  const lines: string[] = [];
  let chosen = false;
  rules.forEach((rule, index) => {
    const names = rule.matches.map((_, number) => `r${index}_${number}`);
    lines.push(`# rule ${comment(rule.name)}`, ...matchLines(rule, names, listener.protocol === 'tls'));
    const words = names.map((name, number) => (rule.matches[number]!.invert ? `!${name}` : name));
    if (chosen) words.unshift('!{ var(txn.pool) -m found }');
    const condition = words.length === 0 ? '' : ` if ${words.join(' ')}`;
    lines.push(`${stage} ${actionOf(rule.action, listener)}${condition}`);
    if (rule.action.kind === 'pool') chosen = true;
  });
  if (chosen) lines.push('use_backend %[var(txn.pool)] if { var(txn.pool) -m found }');
  return lines;
}

function matchLines(rule: HttpRule, names: readonly string[], passThrough: boolean): string[] {
  if (names.length > MAX_MATCHES)
    throw new InputError(
      'HAPROXY_REFUSED',
      `Cannot write rule "${rule.name}" as it has more than ${MAX_MATCHES} matches: current value is ${names.length}`,
    );
  return rule.matches.map((match, number) => matchLine(names[number]!, match, passThrough));
}

function httpAction(action: RuleAction, listener: WorldListener): string {
  switch (action.kind) {
    case 'pool':
      return setPool(action.pool, listener);
    case 'reject':
      return DENIED.includes(action.code)
        ? `deny deny_status ${action.code}`
        : `return status ${action.code} hdr Cache-Control no-store`;
    case 'redirect-url':
      return `redirect location ${quoteFormat(action.url)} code ${action.code}`;
    case 'redirect-prefix':
      return `redirect prefix ${quoteFormat(action.prefix)} code ${action.code}`;
  }
}

function tcpAction(action: RuleAction, listener: WorldListener): string {
  if (action.kind === 'pool') return setPool(action.pool, listener);
  if (action.kind === 'reject') return 'reject';
  throw new InputError(
    'HAPROXY_REFUSED',
    'Cannot redirect on a listener that passes TLS through as nothing but the hello is read',
  );
}

function setPool(pool: string, listener: WorldListener): string {
  const backend =
    pool === listener.pool ? backendName(listener.key) : backendName(poolKey(listener.key, pool));
  return `set-var(txn.pool) ${quote(`str(${backend})`)}`;
}
