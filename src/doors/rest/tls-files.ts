// Certificate, key, authorities and CRL of the TCP door: read and proved together, and again when a file changes.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { InputError } from '../../model/errors.ts';
import type { ApiSettings } from '../../model/settings.ts';

export type TlsSettings = NonNullable<ApiSettings['tls']>;

export interface TlsMaterial {
  readonly options: SecureContextOptions;
  /** When the certificate ends. */
  readonly notAfterMs: number;
}

/** Throws InputError: nothing that would only fail at the first handshake passes. */
export function readTlsFiles(settings: TlsSettings, nowMs: number): TlsMaterial {
  const { certificate, key, clientCa, clientCrl } = settings;
  const options: SecureContextOptions = {
    cert: read(certificate),
    key: read(key),
    ...(clientCa === undefined ? {} : { ca: read(clientCa) }),
    ...(clientCrl === undefined ? {} : { crl: read(clientCrl) }),
    minVersion: 'TLSv1.2',
    honorCipherOrder: true,
  };
  const leaf = proved(certificate, () => new X509Certificate(options.cert as Buffer));
  const ours = proved(key, () => createPrivateKey(options.key as Buffer));
  if (!leaf.checkPrivateKey(ours)) throw refused(key, `it is not the key of "${certificate}"`);
  const notAfterMs = Date.parse(leaf.validTo);
  if (nowMs >= notAfterMs) throw refused(certificate, `it expired at ${leaf.validTo}`);
  proved(clientCrl ?? clientCa ?? certificate, () => createSecureContext(options));
  return { options, notAfterMs };
}

/** Changes when any of the files does. A file that is gone is a change too. */
export function tlsFilesMark({ certificate, key, clientCa, clientCrl }: TlsSettings): string {
  return [certificate, key, clientCa, clientCrl]
    .map((path) => {
      const found = path === undefined ? undefined : statSync(path, { throwIfNoEntry: false, bigint: true });
      return found === undefined ? '-' : `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
    })
    .join(' ');
}

/** Whether others than the owner and its group may read the key. */
export function isKeyOpen({ key }: TlsSettings): boolean {
  return ((statSync(key, { throwIfNoEntry: false })?.mode ?? 0) & 0o007) !== 0;
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new InputError('FILE_UNREADABLE', `Cannot read "${path}" of the API: ${(cause as Error).message}`, {
      cause,
      hint: 'Correct api.tls, or make it with "lbctl pki init" and "lbctl pki issue server"',
    });
  }
}

function proved<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw refused(path, (cause as Error).message, cause);
  }
}

function refused(path: string, why: string, cause?: unknown): InputError {
  return new InputError('CERTIFICATE_INVALID', `Cannot use "${path}" for the API: ${why}`, { cause });
}
