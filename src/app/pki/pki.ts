// lbctl pki: an authority of ECDSA P-256 in a folder, the certificates it signs, and the list of those it took back.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import type { IssueRequest, Pki, PkiCertificate } from '../../cli/toolbox.ts';
import { InputError } from '../../model/errors.ts';
import { type CertificateUse, certificateBody, crlBody, pemOf, signed } from '../../wire/x509/certificate.ts';
import type { Subject } from '../../wire/x509/names.ts';
import { CA_FILES, type Index, type Indexed, PkiFolder } from './pki-folder.ts';

const DAY_MS = 86_400_000;
/** Clocks of two machines differ a little. */
const EARLIER_MS = 5 * 60_000;
const ORGANISATION = 'lbctl';
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}$/;
const HOST_OR_URI =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]{0,250}[A-Za-z0-9])?$|^[a-z][a-z0-9+.-]*:\/\/[\x21-\x7e]{1,200}$/;

interface Authority {
  readonly key: KeyObject;
  readonly certificate: X509Certificate;
  readonly name: Subject;
  readonly keyId: Buffer;
  readonly notAfterMs: number;
}

export class FolderPki implements Pki {
  readonly #folder: PkiFolder;
  readonly #nowMs: () => number;

  constructor(path: string, nowMs: () => number) {
    this.#folder = new PkiFolder(path);
    this.#nowMs = nowMs;
  }

  init({ name, days }: { readonly name: string; readonly days: number }): PkiCertificate {
    return this.#folder.locked(() => {
      for (const file of [CA_FILES.certificate, CA_FILES.key, CA_FILES.index])
        if (this.#folder.has(file))
          throw new InputError(
            'CONFLICT',
            `Cannot make an authority as "${this.#folder.file(file)}" is there`,
            {
              hint: 'Use another folder with --dir; removing this authority makes all its certificates worthless',
            },
          );
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const subject: Subject = { commonName: name, organisation: ORGANISATION };
      const keyId = idOf(publicKey);
      const now = this.#nowMs();
      const notAfterMs = wholeSecond(now + days * DAY_MS);
      const body = certificateBody({
        serial: newSerial(),
        issuer: subject,
        subject,
        names: [],
        notBeforeMs: now - EARLIER_MS,
        notAfterMs,
        publicKey: publicKey.export({ type: 'spki', format: 'der' }),
        subjectKeyId: keyId,
        authorityKeyId: keyId,
        use: 'authority',
      });
      this.#folder.write(CA_FILES.key, pemKey(privateKey), 0o600);
      this.#folder.write(CA_FILES.certificate, pemOf('CERTIFICATE', signBody(body, privateKey)), 0o644);
      this.#save({ version: 1, crlNumber: 0, certificates: [] });
      return this.#told({ ...this.#authorityEntry(), names: [] });
    });
  }

  issue(request: IssueRequest): PkiCertificate {
    const { name } = request;
    if (!FILE_NAME.test(name) || name === 'ca')
      throw new InputError('USAGE', `Cannot issue a certificate for "${name}" as it names its files`, {
        hint: 'Use letters, digits and _ . @ -, at most 64, and not "ca"',
      });
    for (const one of request.names)
      if (!HOST_OR_URI.test(one) && !/^[0-9a-f.:]+$/i.test(one))
        throw new InputError('USAGE', `Cannot read "${one}" as a host name, an address or a URI`);
    return this.#folder.locked(() => {
      const index = this.#folder.index();
      const known = current(index, name);
      if (known !== undefined || this.#folder.has(`${name}.key`))
        throw new InputError('CONFLICT', `Cannot issue "${name}" as there is one of that name`, {
          hint: `"lbctl pki renew ${name}" makes a new one with the same names`,
        });
      return this.#issue(index, request);
    });
  }

  renew(name: string, days?: number): PkiCertificate {
    return this.#folder.locked(() => {
      const index = this.#folder.index();
      const known = current(index, name);
      if (known === undefined)
        throw new InputError('NOT_FOUND', `Cannot find a certificate "${name}" in "${this.#folder.path}"`, {
          hint: '"lbctl pki list" names them',
        });
      const sameDays = Math.max(1, Math.round((known.notAfterMs - known.issuedMs) / DAY_MS));
      const certificates = index.certificates.map((one) => (one === known ? { ...one, renewed: true } : one));
      return this.#issue({ ...index, certificates }, { ...known, days: days ?? sameDays });
    });
  }

  revoke(name: string): PkiCertificate {
    return this.#folder.locked(() => {
      const index = this.#folder.index();
      // All that were ever issued under the name: a renewed one is good until it ends.
      const now = this.#nowMs();
      const found = index.certificates.filter((one) => one.name === name && one.revokedMs === undefined);
      const last = found.at(-1);
      if (last === undefined)
        throw new InputError('NOT_FOUND', `Cannot find a certificate "${name}" that is not revoked`, {
          hint: '"lbctl pki list" names them',
        });
      const certificates = index.certificates.map((one) =>
        found.includes(one) ? { ...one, revokedMs: now } : one,
      );
      this.#save({ ...index, certificates });
      return this.#told({ ...last, revokedMs: now });
    });
  }

  list(): readonly PkiCertificate[] {
    const { certificates } = this.#folder.index();
    return [this.#authorityEntry(), ...certificates].map((one) => this.#told(one));
  }

  #issue(index: Index, { name, use, role, names, days }: IssueRequest): PkiCertificate {
    const authority = this.#authority();
    const now = this.#nowMs();
    const notAfterMs = wholeSecond(Math.min(now + days * DAY_MS, authority.notAfterMs));
    if (notAfterMs <= now)
      throw new InputError('CERTIFICATE_INVALID', 'Cannot issue a certificate as the authority has expired', {
        hint: 'Make a new authority in another folder with "lbctl pki init --dir"',
      });
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const serial = newSerial();
    const body = certificateBody({
      serial,
      issuer: authority.name,
      subject: {
        commonName: name,
        organisation: ORGANISATION,
        ...(role === undefined ? {} : { unit: `lbctl-${role}` }),
      },
      names,
      notBeforeMs: now - EARLIER_MS,
      notAfterMs,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
      subjectKeyId: idOf(publicKey),
      authorityKeyId: authority.keyId,
      use: use as CertificateUse,
    });
    const entry: Indexed = {
      serial: serial.toString('hex'),
      name,
      use,
      ...(role === undefined ? {} : { role }),
      names,
      issuedMs: now,
      notAfterMs,
    };
    this.#folder.write(`${name}.key`, pemKey(privateKey), 0o600);
    this.#folder.write(`${name}.pem`, pemOf('CERTIFICATE', signBody(body, authority.key)), 0o644);
    this.#save({ ...index, certificates: [...index.certificates, entry] });
    return this.#told(entry);
  }

  /** The index and the CRL say the same. The CRL is good as long as the authority: one that ends would shut everybody out. */
  #save(index: Index): void {
    const authority = this.#authority();
    const crlNumber = index.crlNumber + 1;
    const body = crlBody({
      issuer: authority.name,
      number: crlNumber,
      thisUpdateMs: this.#nowMs() - EARLIER_MS,
      nextUpdateMs: authority.notAfterMs,
      authorityKeyId: authority.keyId,
      revoked: index.certificates.flatMap(({ serial, revokedMs }) =>
        revokedMs === undefined ? [] : [{ serial: Buffer.from(serial, 'hex'), atMs: revokedMs }],
      ),
    });
    this.#folder.write(CA_FILES.crl, pemOf('X509 CRL', signBody(body, authority.key)), 0o644);
    this.#folder.write(CA_FILES.index, `${JSON.stringify({ ...index, crlNumber }, null, 2)}\n`, 0o600);
  }

  #authority(): Authority {
    const certificate = new X509Certificate(this.#folder.read(CA_FILES.certificate));
    const key = createPrivateKey(this.#folder.read(CA_FILES.key));
    if (!certificate.checkPrivateKey(key))
      throw new InputError(
        'CERTIFICATE_INVALID',
        `Cannot use the authority in "${this.#folder.path}" as its key is of another`,
      );
    const { CN, O } = certificate.toLegacyObject().subject;
    return {
      key,
      certificate,
      name: { commonName: String(CN), ...(O === undefined ? {} : { organisation: String(O) }) },
      keyId: idOf(createPublicKey(key)),
      notAfterMs: Date.parse(certificate.validTo),
    };
  }

  #authorityEntry(): Omit<Indexed, 'use'> & { readonly use: 'authority' } {
    const certificate = new X509Certificate(this.#folder.read(CA_FILES.certificate));
    return {
      serial: certificate.serialNumber.toLowerCase(),
      name: 'ca',
      use: 'authority',
      names: [],
      issuedMs: Date.parse(certificate.validFrom),
      notAfterMs: Date.parse(certificate.validTo),
    };
  }

  #told({ renewed, ...entry }: Omit<Indexed, 'use'> & Pick<PkiCertificate, 'use'>): PkiCertificate {
    const now = this.#nowMs();
    const gone = renewed === true ? 'renewed' : now >= entry.notAfterMs ? 'expired' : 'valid';
    return {
      ...entry,
      state: entry.revokedMs === undefined ? gone : 'revoked',
      certificate: this.#folder.file(`${entry.name}.pem`),
      key: this.#folder.file(`${entry.name}.key`),
    };
  }
}

function current({ certificates }: Index, name: string): Indexed | undefined {
  return certificates.findLast((one) => one.name === name && one.renewed !== true);
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the key's bits, which are the last 65 bytes of a P-256 SubjectPublicKeyInfo. */
function idOf(key: KeyObject): Buffer {
  return createHash('sha1')
    .update(key.export({ type: 'spki', format: 'der' }).subarray(-65))
    .digest();
}

/** Positive and never zero at the front, so that every reader prints the same digits. */
function newSerial(): Buffer {
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

function pemKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function signBody(body: Buffer, key: KeyObject): Buffer {
  return signed(body, sign('sha256', body, key));
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
