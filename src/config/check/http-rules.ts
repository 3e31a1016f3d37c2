// The http block of a listener: rules that can match, actions that can act, headers and pages that make sense.
import { parsePrefix } from '../../lib/prefix.ts';
import type { HttpOptions, RuleCompare, RuleMatch, RuleMatchType } from '../../model/http.ts';
import type { Listener } from '../../model/listener.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';
import { regexFault } from './regex.ts';

const ALL: readonly RuleCompare[] = ['equal', 'starts', 'ends', 'contains', 'regex'];
const COMPARES: Readonly<Record<RuleMatchType, readonly RuleCompare[]>> = {
  host: ALL,
  path: ALL,
  'file-type': ['equal', 'regex'],
  header: ALL,
  cookie: ALL,
  method: ['equal', 'regex'],
  query: ALL,
  source: ['equal'],
  sni: ALL,
  'tls-has-cert': ['equal'],
  'tls-verify-result': ['equal'],
  'tls-dn-field': ALL,
};
const KEYED = new Set<RuleMatchType>(['header', 'cookie', 'query', 'tls-dn-field']);
/** The codes HAProxy has an error file for. */
const PAGES = [200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 425, 429, 500, 501, 502, 503, 504];

export function checkHttpRules(context: CheckContext): void {
  const { report } = context;
  context.open.eachListener((listener) => {
    const { http } = listener;
    if (http === undefined) return;
    if (!['http', 'https', 'tls'].includes(listener.protocol)) {
      report.add(
        'http-unexpected',
        context.at(listener, 'http'),
        `A listener of protocol ${listener.protocol} does not read HTTP`,
        {
          what: 'key',
          hint: 'Use "protocol: http"',
        },
      );
      return;
    }
    checkHeaders(context, listener, http);
    const names = new Set<string>();
    const always = http.rules.findIndex((rule) => rule.matches.length === 0);
    http.rules.forEach((rule, index) => {
      const at = (...path: (string | number)[]) => context.at(listener, 'http', 'rules', index, ...path);
      if (names.has(rule.name))
        report.add(
          'rule-name',
          at('name'),
          `Two rules of listener "${listener.name}" are called "${rule.name}"`,
        );
      names.add(rule.name);
      if (always !== -1 && index > always)
        report.add(
          'rule-unreachable',
          at('name'),
          `The rule "${rule.name}" stands behind "${http.rules[always]!.name}", which always acts`,
        );
      rule.matches.forEach((match, number) => {
        checkMatch(context, listener, match, at('match', number));
      });
      checkAction(context, listener, index);
    });
  });
}

function checkMatch(
  context: CheckContext,
  listener: Listener,
  match: RuleMatch,
  origin: ReturnType<CheckContext['at']>,
): void {
  const { report } = context;
  const at = (key: string) => ({ file: origin.file, path: [...origin.path, key] });
  const { type, compare, value } = match;
  if (!COMPARES[type].includes(compare))
    report.add('rule-compare', at('compare'), `A match on ${type} cannot compare by ${compare}`, {
      hint: `It can: ${COMPARES[type].join(', ')}`,
    });
  if (KEYED.has(type) && match.key === undefined)
    report.add('rule-key', origin, `A match on ${type} must have a "key"`);
  if (!KEYED.has(type) && match.key !== undefined)
    report.add('without-effect', at('key'), `"key" has no effect in a match on ${type}`, { what: 'key' });
  const tlsOnly = type === 'sni' || type.startsWith('tls-');
  if (tlsOnly && listener.protocol === 'http')
    report.add('rule-tls', at('type'), `A match on ${type} needs TLS: current protocol is http`);
  if (listener.protocol === 'tls' && type !== 'sni' && type !== 'source')
    report.add('rule-http', at('type'), `A listener that passes TLS through cannot look at ${type}`, {
      hint: 'Match on sni or source',
    });
  const fault = compare === 'regex' ? undefined : valueFault(match);
  if (fault !== undefined) report.add('rule-value', value === '' ? origin : at('value'), fault);
  if (compare === 'regex') {
    const wrong = value === '' ? 'It is empty' : regexFault(value);
    if (wrong !== undefined)
      report.add('rule-regex', at('value'), `The regular expression cannot be read: ${wrong}`);
  }
}

/** Why a comparison can never hold, in a sentence. */
function valueFault({ type, compare, value }: RuleMatch): string | undefined {
  if (type === 'tls-has-cert') return undefined;
  if (value === '') return `A match on ${type} must have a "value"`;
  if (type === 'path' && (compare === 'equal' || compare === 'starts') && !value.startsWith('/'))
    return `A path starts with "/": "${value}" can never match`;
  if (type === 'path' && /[?#]/.test(value) && compare !== 'contains')
    return `A path has no query: "${value}" can never match`;
  if (type === 'host' && /[/:\s]/.test(value))
    return `A host name has no slash, colon or blank: "${value}" can never match`;
  if (type === 'file-type' && /[./]/.test(value))
    return `A file type is written without a dot: "${value}" can never match`;
  if (type === 'method' && !/^[A-Z]+$/.test(value))
    return `A method is written in capitals: "${value}" can never match`;
  if (type === 'source' && parsePrefix(value) === undefined)
    return `A source is an address or a network: "${value}" is none`;
  if (type === 'tls-verify-result' && !/^\d+$/.test(value))
    return `A verification result is a number: "${value}" is none`;
  return undefined;
}

function checkAction(context: CheckContext, listener: Listener, index: number): void {
  const { report, intent } = context;
  const at = (...path: string[]) => context.at(listener, 'http', 'rules', index, 'action', ...path);
  const doc = context.docs.get(listener.name)?.http?.rules?.[index]?.action ?? {};
  const given = (['reject', 'pool', 'redirect_url', 'redirect_prefix'] as const).filter(
    (key) => doc[key] !== undefined,
  );
  if (given.length !== 1)
    report.add(
      'rule-action',
      at(),
      `A rule must have one action: it has ${given.length === 0 ? 'none' : given.join(' and ')}`,
      {
        what: 'key',
        hint: 'Keep one of reject, pool, redirect_url and redirect_prefix',
      },
    );
  if (doc.code !== undefined && doc.redirect_url === undefined && doc.redirect_prefix === undefined)
    report.add('without-effect', at('code'), '"code" has no effect without a redirect', { what: 'key' });
  if (doc.pool !== undefined)
    checkReference(context, at('pool'), doc.pool, { noun: 'pool', names: intent.pools, section: 'pools' });
  for (const key of ['redirect_url', 'redirect_prefix'] as const) {
    const target = doc[key];
    if (target === undefined) continue;
    if (listener.protocol === 'tls')
      report.add('rule-http', at(key), 'A listener that passes TLS through cannot redirect', {
        hint: 'Use pool or reject',
      });
    if (!/^(https?:\/\/[^\s/]+|\/)\S*$/.test(target))
      report.add('redirect-target', at(key), `A redirect goes to a URL or a path: "${target}" is neither`, {
        hint: 'Write https://HOST/PATH',
      });
  }
}

function checkHeaders(context: CheckContext, listener: Listener, http: HttpOptions): void {
  const { report } = context;
  const set = new Set(Object.keys(http.setHeaders).map((name) => name.toLowerCase()));
  http.removeHeaders.forEach((name, index) => {
    if (set.has(name.toLowerCase()))
      report.add(
        'header-conflict',
        context.at(listener, 'http', 'remove_headers', index),
        `The header "${name}" is set and removed`,
      );
  });
  for (const name of Object.keys(http.setHeaders))
    if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name))
      report.add(
        'bad-value',
        context.at(listener, 'http', 'set_headers', name),
        `A header cannot be called "${name.slice(0, 60)}"`,
        { what: 'key' },
      );
  http.insertHeaders.forEach((name, index) => {
    if (name.startsWith('X-SSL-') && listener.protocol !== 'https')
      report.add(
        'without-effect',
        context.at(listener, 'http', 'insert_headers', index),
        `The header "${name}" has nothing to say on a listener of protocol ${listener.protocol}`,
      );
  });
  for (const code of Object.keys(http.errorPages))
    if (!PAGES.includes(Number(code)))
      report.add(
        'error-page',
        context.at(listener, 'http', 'error_pages', code),
        `No error page can be set for "${code}"`,
        {
          what: 'key',
          hint: `Codes: ${PAGES.join(', ')}`,
        },
      );
}
