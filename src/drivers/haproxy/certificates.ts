// Certificates and other files of the operator: judged before HAProxy sees them, then copied into our own directory, so
// that a later reload does not depend on what became of the source.
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { type LbError, OpError } from '../../model/errors.ts';
import type { Certificate } from '../../model/tls.ts';
import { certificateKey, certificatePath, copyPath, digest, fileKey, type Places } from './names.ts';

export interface Installed {
  readonly key: string;
  readonly digest: string;
  readonly path: string;
  readonly text: string;
}

/** Certificate, chain and key in one PEM, as HAProxy wants it. Throws what is wrong with it. */
export function readCertificate(certificate: Certificate, nowMs: number): string {
  const chain = certificate.certificatePem ?? readText(certificate.certificateFile ?? '', certificate.name);
  const key =
    certificate.keyPem?.reveal() ??
    (certificate.keyFile === undefined ? '' : readText(certificate.keyFile, certificate.name));
  const all = `${chain.trimEnd()}\n${key}`;
  const refuse = (why: string, cause?: unknown): LbError =>
    new OpError(
      'CERTIFICATE_INVALID',
      `Cannot use certificate "${certificate.name}" as ${why}`,
      { op: 'read', target: certificate.certificateFile ?? certificate.name },
      cause === undefined ? {} : { cause },
    );
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(chain);
  } catch (error) {
    throw refuse('there is no readable certificate in it', error);
  }
  const pem = KEY.exec(all)?.[0];
  if (pem === undefined) throw refuse('its private key is missing');
  if (/ENCRYPTED/.test(pem)) throw refuse('its private key is encrypted');
  let parsed: KeyObject;
  try {
    parsed = createPrivateKey(pem);
  } catch (error) {
    throw refuse('its private key cannot be read', error);
  }
  if (!leaf.checkPrivateKey(parsed)) throw refuse('its private key belongs to another certificate');
  if (Date.parse(leaf.validTo) < nowMs) throw refuse(`it expired on ${leaf.validTo}`);
  if (Date.parse(leaf.validFrom) > nowMs) throw refuse(`it is not valid before ${leaf.validFrom}`);
  const certificates = all.match(CERTIFICATE) ?? [];
  return `${[...certificates, pem].join('\n')}\n`;
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----[\s\S]+?-----END (?:[A-Z]+ )*PRIVATE KEY-----/;

/** As it would be installed: nothing is written yet. */
export function certificateOf(places: Places, certificate: Certificate, nowMs: number): Installed {
  const text = readCertificate(certificate, nowMs);
  const path = certificatePath(places, certificate.name);
  return { key: certificateKey(certificate.name), digest: digest(text), path, text };
}

export function copyOf(places: Places, source: string): Installed {
  const text = readText(source, source);
  return { key: fileKey(source), digest: digest(text), path: copyPath(places, source), text };
}

/** What the sources hold now, as it would be installed; undefined when it cannot be used. */
export class SourceWatch {
  readonly #known = new Map<string, { readonly stamp: string; readonly digest: string }>();

  digestOf(key: string, paths: readonly string[], read: () => string): string | undefined {
    const stamp = paths.map(stampOf).join(' ');
    const known = this.#known.get(key);
    if (known?.stamp === stamp) return known.digest;
    try {
      const found = digest(read());
      this.#known.set(key, { stamp, digest: found });
      return found;
    } catch {
      // apply() meets the same fault and tells it: here it only means "not what is installed". Not remembered, as it may
      // pass with time alone: a certificate that is not valid yet.
      this.#known.delete(key);
      return undefined;
    }
  }
}

function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch {
    return 'missing';
  }
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code = 'EIO' } = cause as NodeJS.ErrnoException;
    throw new OpError(
      'FILE_UNREADABLE',
      `Cannot read "${path}" for "${what}": ${code}`,
      { op: 'read', target: path, errno: code },
      { cause },
    );
  }
}
