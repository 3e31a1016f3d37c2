// The bind line of a frontend with its TLS, and the certificate list beside it.
import { endpointKey } from '../../../model/keys.ts';
import { type ListenerTls, TLS_VERSIONS, type TlsVersion } from '../../../model/tls.ts';
import type { WorldListener } from '../../../model/world.ts';
import { certificateListPath, certificatePath, copyPath, type Places } from '../names.ts';
import { quote } from '../quote.ts';

export function bindLine(listener: WorldListener, places: Places): string {
  const { portFrom, portTo, layer7 } = listener;
  const ports = portFrom === portTo ? portFrom : `${portFrom}-${portTo}`;
  // A standby does not hold the address yet: "transparent" binds it all the same, so that taking over is the address alone.
  const words = [`bind ${endpointKey(listener.address, ports)} transparent`];
  if (listener.family === 6) words.push('v6only');
  if (layer7?.acceptProxy === true) words.push('accept-proxy');
  if (listener.protocol === 'https' && layer7?.tls !== undefined)
    words.push(...tlsWords(listener, layer7.tls, places));
  return words.join(' ');
}

function tlsWords(listener: WorldListener, tls: ListenerTls, places: Places): string[] {
  const words = [
    'ssl',
    `crt-list ${quote(certificateListPath(places, certificateList(listener, places)))}`,
    `ssl-min-ver ${versionWord(tls.minVersion)}`,
    `ssl-max-ver ${versionWord(tls.maxVersion)}`,
  ];
  const ciphers = cipherList(tls.ciphers, tls.minVersion);
  if (ciphers !== undefined) words.push(`ciphers ${quote(ciphers)}`);
  if (tls.ciphersuites !== undefined && tls.ciphersuites !== '')
    words.push(`ciphersuites ${quote(tls.ciphersuites)}`);
  if (tls.alpn.length > 0) words.push(`alpn ${quote(tls.alpn.join(','))}`);
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
