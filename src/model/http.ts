// Layer 7: rules in order, header insertion and limits of a terminated listener. Octavia's policies are the yardstick.

export const RULE_MATCH_TYPES = [
  'host',
  'path',
  'file-type',
  'header',
  'cookie',
  'method',
  'query',
  'source',
  'sni',
  'tls-has-cert',
  'tls-verify-result',
  'tls-dn-field',
] as const;
export type RuleMatchType = (typeof RULE_MATCH_TYPES)[number];

export const RULE_COMPARES = ['equal', 'starts', 'ends', 'contains', 'regex'] as const;
export type RuleCompare = (typeof RULE_COMPARES)[number];

export interface RuleMatch {
  readonly type: RuleMatchType;
  readonly compare: RuleCompare;
  /** Header, cookie, query or DN field name. */
  readonly key?: string;
  readonly value: string;
  readonly invert: boolean;
}

export type RuleAction =
  | { readonly kind: 'reject'; readonly code: number }
  | { readonly kind: 'pool'; readonly pool: string }
  | { readonly kind: 'redirect-url'; readonly url: string; readonly code: 301 | 302 | 303 | 307 | 308 }
  | { readonly kind: 'redirect-prefix'; readonly prefix: string; readonly code: 301 | 302 | 303 | 307 | 308 };

/** All matches must hold. Rules are tried in their order; the first that holds acts. */
export interface HttpRule {
  readonly name: string;
  readonly matches: readonly RuleMatch[];
  readonly action: RuleAction;
}

/** Header names we can insert on the way to the member, spelled as Octavia spells them. */
export const INSERTABLE_HEADERS = [
  'X-Forwarded-For',
  'X-Forwarded-Port',
  'X-Forwarded-Proto',
  'X-SSL-Client-Verify',
  'X-SSL-Client-Has-Cert',
  'X-SSL-Client-DN',
  'X-SSL-Client-CN',
  'X-SSL-Issuer',
  'X-SSL-Client-SHA1',
  'X-SSL-Client-Not-Before',
  'X-SSL-Client-Not-After',
] as const;
export type InsertableHeader = (typeof INSERTABLE_HEADERS)[number];

export interface HttpOptions {
  readonly rules: readonly HttpRule[];
  readonly insertHeaders: readonly InsertableHeader[];
  readonly setHeaders: Readonly<Record<string, string>>;
  readonly removeHeaders: readonly string[];
  readonly compression: boolean;
  readonly errorPages: Readonly<Record<string, string>>;
  /** Answers 503 with the maintenance page while true. */
  readonly maintenance: boolean;
}
