// HTTP_GET and SSL_GET: urls to requests, with host, codes, digest and pattern.
import { type CheckScopes, type Fields, inherited, targetOf } from './check-scope.ts';
import type { Ledger } from './ledger.ts';
import { flagOf, openScope, refuse, type Scope } from './scope.ts';
import type { Directive } from './tree.ts';
import { splitArguments } from './words.ts';
import { type Yaml, yamlMap } from './yaml.ts';

interface Request {
  readonly host: string | undefined;
  readonly fields: Readonly<Record<string, Yaml | undefined>>;
}

/** One check a host: the host belongs to the check in our language, to the url in keepalived's. */
export function httpChecks(scopes: CheckScopes, checker: Directive): readonly Fields[] {
  const { ledger } = scopes.world;
  const scope = scopes.checker;
  const secure = checker.name === 'SSL_GET';
  const urls = scope.all('url');
  if (urls.length === 0) {
    ledger.mark(checker, checker.name, 'not carried', 'it has no url; keepalived ignores it too');
    return [];
  }
  const version = versionOf(ledger, scope.one('http_protocol'));
  flagOf(ledger, scope.one('fast_recovery'));
  const shared = inherited(scopes, 'virtualhost')?.args[0];
  const requests = urls.map((url) => toRequest(ledger, url, shared));
  const target = targetOf(scopes, scope);
  const byHost = Map.groupBy(requests, (request) => request.host);
  return [...byHost].map(([host, group]) => ({
    type: secure ? 'https' : 'http',
    ...target,
    host,
    version,
    ...(group.length === 1
      ? group[0]!.fields
      : { requests: group.map((request) => yamlMap(request.fields, { flow: true })) }),
    ...(secure ? { ...scopes.world.tls, sni: sniOf(ledger, scope, host), verify: false } : {}),
  }));
}

function toRequest(ledger: Ledger, url: Directive, shared: string | undefined): Request {
  const scope = openScope(ledger, 'url', url);
  const host = scope.one('virtualhost')?.args[0] ?? shared;
  return {
    host: host === '' ? undefined : host,
    fields: {
      path: pathOf(ledger, scope.one('path')),
      codes: codesOf(ledger, scope.one('status_code')),
      digest: digestOf(ledger, scope.one('digest')),
      ...bodyOf(ledger, scope),
    },
  };
}

function pathOf(ledger: Ledger, directive: Directive | undefined): string {
  if (directive === undefined) return '/';
  const text = directive.args[0] ?? '';
  if (/^\/\S*$/.test(text)) return text;
  refuse(ledger, directive, 'must start with "/" and hold no blanks', text);
  return '/';
}

function codesOf(ledger: Ledger, directive: Directive | undefined): readonly Yaml[] {
  const codes: Yaml[] = [];
  for (const word of directive?.args ?? []) {
    const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(word);
    if (match === null || (match[2] !== undefined && match[2] < match[1]!)) {
      refuse(ledger, directive!, 'must be codes or ranges from 100 to 599', word);
      continue;
    }
    codes.push(match[2] === undefined ? Number(match[1]) : word);
  }
  return codes.length > 0 ? codes : ['200-299'];
}

function digestOf(ledger: Ledger, directive: Directive | undefined): string | undefined {
  if (directive === undefined) return undefined;
  const text = directive.args[0] ?? '';
  return /^[0-9a-fA-F]{32}$/.test(text)
    ? text.toLowerCase()
    : refuse(ledger, directive, 'must be 32 hex digits', text);
}

/** Options PCRE and JavaScript share, as letters of `(?i:...)`. */
const LETTERS: ReadonlyMap<string, string> = new Map([
  ['caseless', 'i'],
  ['multiline', 'm'],
  ['dotall', 's'],
]);

function bodyOf(ledger: Ledger, scope: Scope): Readonly<Record<string, Yaml | undefined>> {
  const regex = scope.one('regex');
  if (regex === undefined) return {};
  const pattern = splitArguments(regex.raw)[1] ?? '';
  const options = scope.one('regex_options');
  const letters = new Set<string>();
  for (const word of options?.args ?? []) {
    const letter = LETTERS.get(word);
    if (letter === undefined)
      ledger.mark(options!, options!.name, 'changed', `${word} has no like and is left out`);
    else letters.add(letter);
  }
  const body = letters.size === 0 ? pattern : `(?${[...letters].join('')}:${pattern})`;
  if (pattern === '' || !compiles(body)) {
    refuse(ledger, regex, 'must be an expression JavaScript understands too', pattern);
    return {};
  }
  return { body, body_invert: scope.one('regex_no_match') === undefined ? undefined : true };
}

function compiles(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

function versionOf(ledger: Ledger, directive: Directive | undefined): string {
  const text = directive?.args[0];
  if (directive === undefined || text === '1.0') return '1.0';
  if (text === '1.1') return '1.1';
  if (text?.toUpperCase() === '1.0C') {
    ledger.mark(
      directive,
      directive.name,
      'changed',
      'written as 1.0: the connection is closed after each check anyway',
    );
    return '1.0';
  }
  refuse(ledger, directive, 'must be 1.0, 1.0C or 1.1', text ?? '');
  return '1.0';
}

function sniOf(ledger: Ledger, scope: Scope, host: string | undefined): string | undefined {
  const enabled = scope.one('enable_sni');
  const name = scope.one('sni_name')?.args[0];
  if (enabled !== undefined && name === undefined && host === undefined)
    ledger.mark(enabled, enabled.name, 'not carried', 'no virtualhost says which name to send');
  return name ?? (enabled === undefined ? undefined : host);
}
