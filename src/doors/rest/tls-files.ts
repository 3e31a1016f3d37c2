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
function readTlsFiles(settings: TlsSettings, nowMs: number): TlsMaterial {
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

/** The files as they were taken, and whether there is news of them. */
export class TlsFiles {
  readonly #settings: TlsSettings;
  readonly #nowMs: () => number;
  #material: TlsMaterial;
  #mark: string;
  /** Why what is there now was not taken. */
  #trouble: string | undefined;

  constructor(settings: TlsSettings, nowMs: () => number) {
    this.#settings = settings;
    this.#nowMs = nowMs;
    this.#mark = markOfAll(settings);
    this.#material = readTlsFiles(settings, nowMs());
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** What could not be taken is tried with every look, as that may pass without a change of the files; it is news once. */
  look(): TlsMaterial | Error | undefined {
    const found = markOfAll(this.#settings);
    if (found === this.#mark && this.#trouble === undefined) return undefined;
    try {
      this.#material = readTlsFiles(this.#settings, this.#nowMs());
    } catch (error) {
      const { message } = error as Error;
      if (message === this.#trouble) return undefined;
      this.#trouble = message;
      return error as Error;
    }
    [this.#mark, this.#trouble] = [found, undefined];
    return this.#material;
  }
}

/** Another when any of the files is. One that is gone, or cannot be looked at, is another too. */
function markOfAll({ certificate, key, clientCa, clientCrl }: TlsSettings): string {
  return [certificate, key, clientCa, clientCrl]
    .map((path) => (path === undefined ? '-' : markOf(path)))
    .join(' ');
}

function markOf(path: string): string {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code);
  }
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
