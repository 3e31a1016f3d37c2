// One match of a rule as an ACL of HAProxy.
import type { RuleCompare, RuleMatch } from '../../../model/http.ts';
import { argument, quote, quoteNonEmpty, token } from '../quote.ts';

const METHODS: Readonly<Record<RuleCompare, string>> = {
  equal: 'str',
  starts: 'beg',
  ends: 'end',
  contains: 'sub',
  regex: 'reg',
};

/** All values of a list at once. */
export function listLine(name: string, match: RuleMatch, passThrough: boolean, path: string): string {
  if (match.type === 'source') return `acl ${name} src -f ${quote(path)}`;
  const { sample, ignoreCase } = sampleOf(match, passThrough);
  return `acl ${name} ${quote(sample)} ${ignoreCase ? '-i ' : ''}-m ${METHODS[match.compare]} -f ${quote(path)}`;
}

/** What a list of routes has for a request; nothing where it has nothing. */
export function lookUp(match: RuleMatch, passThrough: boolean, path: string): string {
  const { sample, ignoreCase } = sampleOf(match, passThrough);
  return `${sample}${ignoreCase ? ',lower' : ''},map_${METHODS[match.compare]}(${path})`;
}

/** `passThrough`: TLS is not terminated here, so the name comes from the hello itself. */
export function matchLine(name: string, match: RuleMatch, passThrough: boolean): string {
  const { type, compare, value } = match;
  switch (type) {
    case 'source':
      return `acl ${name} src -- ${quote(value)}`;
    case 'tls-has-cert':
      // Octavia asks for "true"; whoever writes "false" means the opposite.
      return `acl ${name} ssl_c_used -m int ${/^(false|no|0)$/i.test(value) ? 0 : 1}`;
    case 'tls-verify-result':
      return `acl ${name} ssl_c_verify -m int ${quote(value)}`;
    default: {
      const { sample, ignoreCase } = sampleOf(match, passThrough);
      const flags = `${ignoreCase ? '-i ' : ''}-m ${METHODS[compare]}`;
      return `acl ${name} ${quote(sample)} ${flags} -- ${quoteNonEmpty(value)}`;
    }
  }
}

interface Sample {
  readonly sample: string;
  /** Host and server names have no case. */
  readonly ignoreCase: boolean;
}

export function sampleOf({ type, key = '' }: RuleMatch, passThrough: boolean): Sample {
  switch (type) {
    case 'host':
      // The port a client may write behind the name is no part of it.
      return { sample: 'req.hdr(host),field(1,:)', ignoreCase: true };
    case 'path':
      return { sample: 'path', ignoreCase: false };
    case 'file-type':
      return { sample: 'path,field(-1,.)', ignoreCase: false };
    case 'header':
      return { sample: `req.hdr(${argument(token('header', key))})`, ignoreCase: false };
    case 'cookie':
      return { sample: `req.cook(${argument(token('cookie', key))})`, ignoreCase: false };
    case 'method':
      return { sample: 'method', ignoreCase: false };
    case 'query':
      return { sample: `url_param(${argument(key)})`, ignoreCase: false };
    case 'sni':
      return { sample: passThrough ? 'req.ssl_sni' : 'ssl_fc_sni', ignoreCase: true };
    case 'tls-dn-field':
      return { sample: `ssl_c_s_dn(${argument(key)})`, ignoreCase: false };
    default:
      throw new RangeError(`Cannot look at "${type}"`);
  }
}
