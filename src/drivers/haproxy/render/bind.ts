// The bind line of a frontend with its TLS, and the certificate list beside it.
import { InputError } from '../../../model/errors.ts';
import { endpointKey } from '../../../model/keys.ts';
import { type ListenerTls, TLS_VERSIONS, type TlsVersion } from '../../../model/tls.ts';
import type { WorldListener } from '../../../model/world.ts';
import { certificateListPath, certificatePath, copyPath, type Places } from '../names.ts';
import { quote } from '../quote.ts';

/** One for TCP, and with `h3` one for UDP, where HTTP/3 is told of in every answer over TCP. */
export function bindLines(listener: WorldListener, places: Places): readonly string[] {
  const tls = listener.protocol === 'https' ? listener.layer7?.tls : undefined;
  const lines = [bindLine(listener, tls, places)];
  if (tls?.alpn.includes(QUIC_ALPN) !== true) return lines;
  if (places.noQuic !== undefined)
    throw new InputError('HAPROXY_REFUSED', `Cannot offer HTTP/3 on "${listener.key}" as ${places.noQuic}`, {
      hint: 'Leave h3 out of "alpn", or install a HAProxy with QUIC',
    });
  const { portFrom } = listener;
  return [
    ...lines,
    [`bind quic${listener.family}@${placeOf(listener)}`, ...tlsWords(listener, tls, QUIC_ALPN, places)].join(
      ' ',
    ),
    `http-after-response set-header alt-svc ${quote(`h3=":${portFrom}"; ma=86400`)}`,
  ];
}

const QUIC_ALPN = 'h3';

function bindLine(listener: WorldListener, tls: ListenerTls | undefined, places: Places): string {
  // A standby does not hold the address yet: "transparent" binds it all the same, so that taking over is the address alone.
  const words = [`bind ${placeOf(listener)} transparent`];
  if (listener.family === 6) words.push('v6only');
  if (listener.layer7?.acceptProxy === true) words.push('accept-proxy');
  if (tls !== undefined) {
    const offered = tls.alpn.filter((protocol) => protocol !== QUIC_ALPN);
    words.push(...tlsWords(listener, tls, offered.join(','), places));
  }
  return words.join(' ');
}

function placeOf({ address, portFrom, portTo }: WorldListener): string {
  return endpointKey(address, portFrom === portTo ? portFrom : `${portFrom}-${portTo}`);
}

function tlsWords(listener: WorldListener, tls: ListenerTls, alpn: string, places: Places): string[] {
  const words = [
    'ssl',
    `crt-list ${quote(certificateListPath(places, certificateList(listener, places)))}`,
    `ssl-min-ver ${versionWord(alpn === QUIC_ALPN ? '1.3' : tls.minVersion)}`,
    `ssl-max-ver ${versionWord(alpn === QUIC_ALPN ? '1.3' : tls.maxVersion)}`,
  ];
  const ciphers = cipherList(tls.ciphers, tls.minVersion);
  if (ciphers !== undefined) words.push(`ciphers ${quote(ciphers)}`);
  if (tls.ciphersuites !== undefined && tls.ciphersuites !== '')
    words.push(`ciphersuites ${quote(tls.ciphersuites)}`);
  if (alpn !== '') words.push(`alpn ${quote(alpn)}`);
  if (tls.clientAuth !== 'none' && tls.clientCa !== undefined) {
    words.push(`verify ${tls.clientAuth}`, `ca-file ${quote(copyPath(places, tls.clientCa))}`);
    if (tls.clientCrl !== undefined) words.push(`crl-file ${quote(copyPath(places, tls.clientCrl))}`);
  }
  return words;
}

/** The first is the default one: it answers names that none of them has. */
export function certificateList(listener: WorldListener, places: Places): string {
  const tls = listener.protocol === 'https' ? listener.layer7?.tls : undefined;
  return (tls?.certificates ?? []).map((name) => `${certificatePath(places, name)}\n`).join('');
}

export function versionWord(version: TlsVersion): string {
  return `TLSv${version}`;
}

/** OpenSSL 3 speaks TLS 1.0 and 1.1 at security level 0 only: without the word they would be offered in name alone. */
export function cipherList(
  ciphers: string | undefined,
  minVersion: TlsVersion | undefined,
): string | undefined {
  const old = minVersion !== undefined && TLS_VERSIONS.indexOf(minVersion) < TLS_VERSIONS.indexOf('1.2');
  const given = ciphers === '' ? undefined : ciphers;
  if (!old || given?.includes('@SECLEVEL') === true) return given;
  return `${given ?? 'DEFAULT'}:@SECLEVEL=0`;
}
