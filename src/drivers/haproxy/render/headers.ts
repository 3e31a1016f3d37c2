// Headers told to the member, and headers set on or taken out of the answer.
import type { InsertableHeader } from '../../../model/http.ts';
import type { WorldListener } from '../../../model/world.ts';
import { quote, quoteFormat, token } from '../quote.ts';

/** Values as Octavia gives them. Each replaces what the client may have sent under the name. */
const INSERTED: Readonly<Record<Exclude<InsertableHeader, 'X-Forwarded-For' | 'X-Forwarded-Proto'>, string>> =
  {
    'X-Forwarded-Port': '%[dst_port]',
    'X-SSL-Client-Verify': '%[ssl_c_verify]',
    'X-SSL-Client-Has-Cert': '%[ssl_c_used]',
    'X-SSL-Client-DN': '%{+Q}[ssl_c_s_dn]',
    'X-SSL-Client-CN': '%{+Q}[ssl_c_s_dn(cn)]',
    'X-SSL-Issuer': '%{+Q}[ssl_c_i_dn]',
    'X-SSL-Client-SHA1': '%{+Q}[ssl_c_sha1,hex]',
    'X-SSL-Client-Not-Before': '%{+Q}[ssl_c_notbefore]',
    'X-SSL-Client-Not-After': '%{+Q}[ssl_c_notafter]',
  };

export function headerLines(listener: WorldListener): string[] {
  const options = listener.layer7?.http;
  const lines: string[] = [];
  for (const header of options?.insertHeaders ?? []) lines.push(insertLine(header, listener));
  for (const [name, value] of Object.entries(options?.setHeaders ?? {}))
    lines.push(`http-response set-header ${quoteFormat(token('header', name))} ${quoteFormat(value)}`);
  for (const name of options?.removeHeaders ?? [])
    lines.push(`http-response del-header ${quote(token('header', name))}`);
  const hsts = listener.layer7?.tls?.hsts;
  if (listener.protocol === 'https' && hsts !== undefined) {
    const subdomains = hsts.includeSubdomains ? '; includeSubDomains' : '';
    const value = `max-age=${hsts.maxAgeSeconds}${subdomains}${hsts.preload ? '; preload' : ''}`;
    // Redirects and errors of our own carry it too.
    lines.push(`http-after-response set-header Strict-Transport-Security ${quoteFormat(value)}`);
  }
  return lines;
}

function insertLine(header: InsertableHeader, listener: WorldListener): string {
  if (header === 'X-Forwarded-For') return 'option forwardfor';
  if (header === 'X-Forwarded-Proto')
    return `http-request set-header X-Forwarded-Proto ${listener.protocol === 'https' ? 'https' : 'http'}`;
  return `http-request set-header ${header} ${quote(INSERTED[header])}`;
}
