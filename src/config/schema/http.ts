// The blocks `tls` and `http` of a listener: what only a terminating proxy reads.
import type { z } from 'zod';
import { INSERTABLE_HEADERS, RULE_COMPARES, RULE_MATCH_TYPES } from '../../model/http.ts';
import { TLS_VERSIONS } from '../../model/tls.ts';
import { DEFAULTS } from '../defaults.ts';
import { block, list, table } from './block.ts';
import { Fault, opt, scalar, show } from './field.ts';
import { duration } from './numbers.ts';
import { flag, int, name, numberOf, oneOf, text } from './words.ts';

const HEADER = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;
const REDIRECT_CODES = [301, 302, 303, 307, 308] as const;

function headerName(about: string): z.ZodType<string> {
  return text(about, { pattern: HEADER, must: 'a header name', example: 'X-Forwarded-For' });
}

function redirectCode(): z.ZodType<(typeof REDIRECT_CODES)[number]> {
  return scalar(
    'Status code of a redirect.',
    {
      type: 'whole number',
      default: String(DEFAULTS.redirectCode),
      allowed: REDIRECT_CODES.join(', '),
      json: { enum: [...REDIRECT_CODES] },
    },
    (value) => {
      const code = REDIRECT_CODES.find((known) => known === numberOf(value));
      return (
        code ??
        new Fault(
          'not-allowed',
          `Must be one of ${REDIRECT_CODES.join(', ')}: current value is ${show(value)}`,
        )
      );
    },
  );
}

const matchSchema = block('A condition on the request.', {
  type: oneOf('What is looked at.', RULE_MATCH_TYPES),
  compare: opt(oneOf('How it is compared.', RULE_COMPARES, 'equal')),
  key: opt(text('Name of the header, cookie, query parameter or DN field.')),
  value: opt(text('What it is compared with; not for `tls-has-cert`.')),
  invert: opt(flag('The condition holds when the comparison does not.', false)),
});

const actionSchema = block(
  'What happens: exactly one of `reject`, `pool`, `redirect_url` and `redirect_prefix`.',
  {
    reject: opt(int('Answers with this status code.', { min: 400, max: 599 })),
    pool: opt(name('Sends the request to this pool.')),
    redirect_url: opt(text('Redirects to this URL.')),
    redirect_prefix: opt(text('Redirects to this prefix followed by the path asked for.')),
    code: opt(redirectCode()),
  },
);

export const httpSchema = block('Rules and headers of a terminated listener.', {
  insert_headers: opt(list('Headers told to the member.', oneOf('A header.', INSERTABLE_HEADERS))),
  set_headers: opt(table('Headers set on the answer.', text('Value of the header.'))),
  remove_headers: opt(list('Headers taken out of the answer.', headerName('A header.'))),
  compression: opt(flag('Compress answers. Costs processor time.', false)),
  maintenance: opt(flag('Answer 503 with the maintenance page to every request.', false)),
  error_pages: opt(table('Files sent instead of error answers, by status code.', text('Path of the file.'))),
  rules: opt(
    list(
      'Tried in their order; the first whose conditions all hold acts.',
      block('A rule.', {
        name: name('What plans and logs call it.'),
        match: opt(list('Conditions; all must hold. Without any, the rule always acts.', matchSchema)),
        action: actionSchema,
      }),
    ),
  ),
});

export const listenerTlsSchema = block('TLS towards clients.', {
  certificates: opt(
    list(
      'Names of certificates; the first is the default, the others are chosen by SNI.',
      name('A certificate.'),
    ),
  ),
  min_version: opt(oneOf('Oldest TLS version accepted.', TLS_VERSIONS, DEFAULTS.tls.minVersion)),
  max_version: opt(oneOf('Newest TLS version accepted.', TLS_VERSIONS, DEFAULTS.tls.maxVersion)),
  ciphers: opt(text('OpenSSL cipher list for TLS 1.2 and below.')),
  ciphersuites: opt(text('Cipher suites of TLS 1.3.')),
  alpn: opt(
    list(
      'Protocols offered to clients. `h3` is HTTP/3 over QUIC on the same port of UDP, where this HAProxy was built with it.',
      text('A protocol: `h3`, `h2`, `http/1.1`.'),
    ),
  ),
  client_auth: opt(
    oneOf(
      'Whether clients show a certificate.',
      ['none', 'optional', 'required'] as const,
      DEFAULTS.tls.clientAuth,
    ),
  ),
  client_ca: opt(text('PEM file of the authorities of clients.')),
  client_crl: opt(text('PEM file of revoked client certificates.')),
  hsts: opt(
    block('Strict-Transport-Security header.', {
      max_age: opt(
        duration('How long browsers remember.', {
          defaultMs: DEFAULTS.tls.hstsMaxAgeMs,
          maxMs: 3650 * 86_400_000,
        }),
      ),
      include_subdomains: opt(flag('For subdomains too.', false)),
      preload: opt(flag('Permit preloading by browsers.', false)),
    }),
  ),
});

export type HttpDoc = z.output<typeof httpSchema>;
export type ListenerTlsDoc = z.output<typeof listenerTlsSchema>;
