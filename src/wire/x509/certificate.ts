// X.509 certificates and CRLs (RFC 5280): values to bytes. Whoever has the key signs them; here is none.
import { bits, boolean, explicit, implicit, integer, octets, oid, sequence, time } from './der.ts';
import { alternativeNames, type Subject, subjectName } from './names.ts';

export type CertificateUse = 'authority' | 'server' | 'client' | 'peer';

export interface CertificateSpec {
  /** At most 20 bytes, not all zero (RFC 5280, 4.1.2.2). */
  readonly serial: Uint8Array;
  readonly issuer: Subject;
  readonly subject: Subject;
  readonly names: readonly string[];
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** SubjectPublicKeyInfo as DER. */
  readonly publicKey: Uint8Array;
  readonly subjectKeyId: Uint8Array;
  readonly authorityKeyId: Uint8Array;
  readonly use: CertificateUse;
}

export interface RevokedSpec {
  readonly serial: Uint8Array;
  readonly atMs: number;
}

export interface CrlSpec {
  readonly issuer: Subject;
  readonly number: number;
  readonly thisUpdateMs: number;
  readonly nextUpdateMs: number;
  readonly authorityKeyId: Uint8Array;
  readonly revoked: readonly RevokedSpec[];
}

/** ecdsa-with-SHA256 (RFC 5758). */
const SIGNATURE = sequence(oid('1.2.840.10045.4.3.2'));
const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  crlNumber: '2.5.29.20',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
} as const;
const PURPOSE = { server: '1.3.6.1.5.5.7.3.1', client: '1.3.6.1.5.5.7.3.2' } as const;
/** RFC 5280, 4.2.1.3: digitalSignature is bit 0; keyCertSign and cRLSign are bits 5 and 6. */
const SIGN_ONLY = bits(Buffer.from([0b1000_0000]), 7);
const SIGN_CERTIFICATES = bits(Buffer.from([0b0000_0110]), 1);

/** TBSCertificate: what the issuer signs. */
export function certificateBody(spec: CertificateSpec): Buffer {
  return sequence(
    explicit(0, integer(2)),
    integer(spec.serial),
    SIGNATURE,
    subjectName(spec.issuer),
    sequence(time(spec.notBeforeMs), time(spec.notAfterMs)),
    subjectName(spec.subject),
    Buffer.from(spec.publicKey),
    explicit(3, sequence(...extensionsOf(spec))),
  );
}

/** TBSCertList: what the issuer signs. */
export function crlBody(spec: CrlSpec): Buffer {
  const revoked = spec.revoked.map(({ serial, atMs }) => sequence(integer(serial), time(atMs)));
  return sequence(
    integer(1),
    SIGNATURE,
    subjectName(spec.issuer),
    time(spec.thisUpdateMs),
    time(spec.nextUpdateMs),
    ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    explicit(
      0,
      sequence(
        extension('authorityKeyId', sequence(implicit(0, spec.authorityKeyId))),
        extension('crlNumber', integer(spec.number)),
      ),
    ),
  );
}

/** The whole of a certificate or CRL. `signature` is ECDSA with SHA-256 over the body, as DER. */
export function signed(body: Uint8Array, signature: Uint8Array): Buffer {
  return sequence(Buffer.from(body), SIGNATURE, bits(signature));
}

export function pemOf(kind: 'CERTIFICATE' | 'X509 CRL', der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${kind}-----\n${lines.join('\n')}\n-----END ${kind}-----\n`;
}

function extensionsOf({ use, names, subjectKeyId, authorityKeyId }: CertificateSpec): Buffer[] {
  const isAuthority = use === 'authority';
  // A path of length 0: it signs leaves, not authorities.
  const constraints = isAuthority ? sequence(boolean(true), integer(0)) : sequence();
  const purposes = use === 'peer' ? [PURPOSE.server, PURPOSE.client] : isAuthority ? [] : [PURPOSE[use]];
  return [
    extension('basicConstraints', constraints, true),
    extension('keyUsage', isAuthority ? SIGN_CERTIFICATES : SIGN_ONLY, true),
    ...(purposes.length === 0 ? [] : [extension('extendedKeyUsage', sequence(...purposes.map(oid)))]),
    ...(names.length === 0 ? [] : [extension('alternativeNames', alternativeNames(names))]),
    extension('subjectKeyId', octets(subjectKeyId)),
    extension('authorityKeyId', sequence(implicit(0, authorityKeyId))),
  ];
}

function extension(name: keyof typeof EXTENSION, value: Uint8Array, critical = false): Buffer {
  return sequence(oid(EXTENSION[name]), ...(critical ? [boolean(true)] : []), octets(value));
}
