// Layer 7 rules in their order: the first whose matches all hold acts, whatever its kind.

import { InputError } from '../../../model/errors.ts';
import type { HttpRule, RuleAction } from '../../../model/http.ts';
import { poolKey } from '../../../model/keys.ts';
import type { WorldListener } from '../../../model/world.ts';
import type { Entries, EntryKind, FilledList } from '../lists.ts';
import { backendName, listPath, type Places } from '../names.ts';
import { comment, quote, quoteFormat } from '../quote.ts';
import { ALLOWED } from './limits.ts';
import { listLine, lookUp, matchLine } from './match.ts';
import { groupName, groupRules } from './rule-groups.ts';

/** HAProxy reads at most 64 words on a line. */
const MAX_MATCHES = 50;

/** Codes that "deny" knows an error page for; the others are answered without one. */
const DENIED = [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504];

/**
 * HAProxy runs all its http-request rules before it picks a backend, so a pool that was chosen is kept in a variable and
 * every later rule stands back.
 */
export function httpRuleLines(listener: WorldListener, places: Places): string[] {
  return ruleLines(listener, places, 'http-request', httpAction, 'deny deny_status 503');
}

/** TLS passed through: only the hello of the client is read. */
export function tlsRuleLines(listener: WorldListener, places: Places): string[] {
  const inspectMs = listener.layer7?.timeouts.inspectMs ?? 0;
  const lines = ruleLines(listener, places, 'tcp-request content', tcpAction, 'reject');
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
  places: Places,
  stage: string,
  actionOf: (action: RuleAction, listener: WorldListener) => string,
  /** For a client whose pool is not there. */
  refusal: string,
): string[] {
  const passThrough = listener.protocol === 'tls';
  const lines: string[] = [];
  let chosen = false;
  const act = (action: string, words: readonly string[]) => {
    const all = chosen ? ['!{ var(txn.pool) -m found }', ...words] : words;
    lines.push(`${stage} ${action}${all.length === 0 ? '' : ` if ${all.join(' ')}`}`);
  };
  groupRules(listener.layer7?.http?.rules ?? []).forEach((group, index) => {
    const name = groupName(group, index);
    if (group.kind === 'rule') {
      const { rule } = group;
      const names = rule.matches.map((_, number) => `${name}_${number}`);
      lines.push(`# rule ${comment(rule.name)}`, ...matchLines(rule, names, passThrough));
      act(
        actionOf(rule.action, listener),
        names.map((one, number) => (rule.matches[number]!.invert ? `!${one}` : one)),
      );
      chosen ||= rule.action.kind === 'pool';
      return;
    }
    const path = listPath(places, listener.key, name);
    lines.push(`# rules by ${group.match.type}`);
    if (group.kind === 'routes') {
      act(`set-var(txn.pool) ${quote(lookUp(group.match, passThrough, path))}`, []);
      chosen = true;
    } else {
      lines.push(listLine(`r${index}`, group.match, passThrough, path));
      act(actionOf(group.action, listener), [`r${index}`]);
    }
  });
  // HAProxy would take the pool of the listener for one that could not be made: a backend without servers counts none, but counts.
  if (chosen)
    lines.push(
      `${stage} ${refusal} if { var(txn.pool) -m found } !{ var(txn.pool),nbsrv -m found }`,
      'use_backend %[var(txn.pool)] if { var(txn.pool) -m found }',
    );
  return lines;
}

/** The lists that the lines of a listener name, and what is in them. */
export function filledLists(listener: WorldListener, places: Places): readonly FilledList[] {
  const lists: FilledList[] = [];
  const push = (name: string, kind: EntryKind, entries: Entries) =>
    lists.push({
      name,
      kind,
      path: listPath(places, listener.key, name),
      ...(kind === 'route' ? { ownPool: listener.pool } : {}),
      entries,
    });
  const bare = (values: Iterable<string>) => new Map([...values].map((value) => [value, '']));
  if (listener.allowedSources.length > 0) push(ALLOWED, 'source', bare(listener.allowedSources));
  groupRules(readsRules(listener) ? (listener.layer7?.http?.rules ?? []) : []).forEach((group, index) => {
    const name = groupName(group, index);
    if (group.kind === 'values') push(name, 'value', bare(group.values));
    else if (group.kind === 'routes')
      push(
        name,
        'route',
        new Map([...group.pools].map(([value, pool]) => [value, poolBackend(pool, listener)])),
      );
  });
  return lists;
}

function readsRules({ protocol }: WorldListener): boolean {
  return protocol === 'http' || protocol === 'https' || protocol === 'tls';
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
        : `deny status ${action.code} hdr Cache-Control no-store`;
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
  return `set-var(txn.pool) ${quote(`str(${poolBackend(pool, listener)})`)}`;
}

function poolBackend(pool: string, listener: WorldListener): string {
  return backendName(pool === listener.pool ? listener.key : poolKey(listener.key, pool));
}
