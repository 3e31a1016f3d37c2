// TLS of listeners and pools, and certificates.
import type { Listener } from '../../model/listener.ts';
import type { Certificate } from '../../model/tls.ts';
import { TLS_VERSIONS } from '../../model/tls.ts';
import type { CheckContext } from './context.ts';
import { checkReference } from './reference.ts';

const ALPN = new Set(['h3', 'h2', 'http/1.1', 'http/1.0']);

export function checkTls(context: CheckContext): void {
  const { intent, report } = context;
  const certificates = { noun: 'certificate', names: intent.certificates, section: 'certificates' } as const;
  context.open.eachListener((listener) => {
    if (listener.tls === undefined) {
      if (listener.protocol === 'https')
        report.add(
          'tls-missing',
          context.at(listener, 'protocol'),
          `The https listener "${listener.name}" has no "tls"`,
          {
            hint: 'Add "tls: { certificates: [NAME] }"',
          },
        );
      return;
    }
    if (listener.protocol !== 'https')
      report.add(
        'tls-unexpected',
        context.at(listener, 'tls'),
        `A listener of protocol ${listener.protocol} does not terminate TLS`,
        {
          what: 'key',
          hint: 'Use "protocol: https"',
        },
      );
    else checkListenerTls(context, listener, listener.tls);
    listener.tls.certificates.forEach((name, index) => {
      checkReference(context, context.at(listener, 'tls', 'certificates', index), name, certificates);
    });
  });
  for (const certificate of intent.certificates.values())
    if (!isWhole(certificate))
      report.add(
        'certificate-files',
        context.at(certificate),
        `The certificate "${certificate.name}" ${faultOf(certificate)}`,
        {
          what: 'key',
          hint: 'Set "certificate: PATH", or "certificate_pem" and "key_pem"',
        },
      );
  context.open.eachPool((pool) => {
    if (pool.tls?.certificate !== undefined)
      checkReference(context, context.at(pool, 'tls', 'certificate'), pool.tls.certificate, certificates);
    if (pool.tls !== undefined && !pool.tls.verify && pool.tls.ca !== undefined)
      report.add(
        'pool-tls-unverified',
        context.at(pool, 'tls', 'verify'),
        `The members of pool "${pool.name}" are not verified, though "ca" is set`,
      );
  });
}

function checkListenerTls(
  context: CheckContext,
  listener: Listener,
  tls: NonNullable<Listener['tls']>,
): void {
  const { report } = context;
  const at = (key: string) => context.at(listener, 'tls', key);
  if (tls.certificates.length === 0)
    report.add(
      'no-certificate',
      context.at(listener, 'tls'),
      `The listener "${listener.name}" names no certificate`,
      { what: 'key' },
    );
  const min = TLS_VERSIONS.indexOf(tls.minVersion);
  const max = TLS_VERSIONS.indexOf(tls.maxVersion);
  if (min > max)
    report.add(
      'tls-version-order',
      at('min_version'),
      `The oldest TLS version ${tls.minVersion} is newer than the newest ${tls.maxVersion}`,
    );
  if (min < TLS_VERSIONS.indexOf('1.2'))
    report.add(
      'tls-weak',
      at('min_version'),
      `TLS ${tls.minVersion} is accepted: browsers and audits refuse it`,
    );
  if (tls.ciphers !== undefined && tls.minVersion === '1.3')
    report.add('ciphers-unused', at('ciphers'), '"ciphers" is for TLS 1.2 and below, which is not accepted', {
      what: 'key',
    });
  if (tls.ciphersuites !== undefined && tls.maxVersion !== '1.3')
    report.add('ciphers-unused', at('ciphersuites'), '"ciphersuites" is for TLS 1.3, which is not accepted', {
      what: 'key',
    });
  if (tls.clientAuth !== 'none' && tls.clientCa === undefined)
    report.add(
      'client-ca-missing',
      at('client_auth'),
      'Clients are asked for certificates and "client_ca" is missing',
    );
  if (tls.clientAuth === 'none' && tls.clientCa !== undefined)
    report.add('client-ca-unused', at('client_ca'), '"client_ca" has no effect while client_auth is none', {
      what: 'key',
    });
  tls.alpn.forEach((protocol, index) => {
    if (!ALPN.has(protocol))
      report.add(
        'alpn-unknown',
        context.at(listener, 'tls', 'alpn', index),
        `ALPN "${protocol}" is none we speak`,
      );
  });
}

/** In files, or as text with its key, and not half of both. */
function isWhole(one: Certificate): boolean {
  if (one.certificatePem !== undefined)
    return one.keyPem !== undefined && one.certificateFile === undefined && one.keyFile === undefined;
  return one.certificateFile !== undefined && one.keyPem === undefined;
}

function faultOf(one: Certificate): string {
  if (one.certificatePem !== undefined && one.keyPem === undefined) return 'has no "key_pem"';
  if (one.certificatePem !== undefined || one.keyPem !== undefined) return 'mixes files and PEM text';
  return `names no file${one.keyFile === undefined ? '' : ' but that of its key'}`;
}
