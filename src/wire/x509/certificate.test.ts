// DER against known bytes, certificates and CRLs against openssl and Node's own reader.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  X509Certificate,
} from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type CertificateUse, certificateBody, crlBody, pemOf, signed } from './certificate.ts';
import { integer, octets, oid, time } from './der.ts';

const folder = mkdtempSync(join(tmpdir(), 'steelyard-x509-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const openssl = (...args: string[]): string =>
  execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('der writes the bytes that X.690 names', () => {
  assert.equal(hex(integer(0)), '020100');
  assert.equal(hex(integer(127)), '02017f');
  assert.equal(hex(integer(128)), '02020080');
  assert.equal(hex(integer(256n)), '02020100');
  assert.equal(hex(integer(Uint8Array.of(0, 0, 0x80))), '02020080');
  assert.equal(hex(oid('1.2.840.113549')), '06062a864886f70d');
  assert.equal(hex(octets(Buffer.alloc(200))).slice(0, 6), '0481c8');
  assert.equal(hex(octets(Buffer.alloc(300))).slice(0, 8), '0482012c');
  assert.equal(
    time(Date.UTC(2049, 11, 31, 23, 59, 59))
      .toString('latin1')
      .slice(2),
    '491231235959Z',
  );
  assert.equal(
    time(Date.UTC(2050, 0, 1))
      .toString('latin1')
      .slice(2),
    '20500101000000Z',
  );
});

interface Pair {
  readonly key: KeyObject;
  readonly spki: Buffer;
  readonly id: Buffer;
}

function pair(): Pair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { key: privateKey, spki, id: createHash('sha1').update(spki).digest() };
}

const CA = pair();
const ISSUER = { commonName: 'test authority', organisation: 'Steelyard' };
const DAY = 86_400_000;

function certificate(
  use: CertificateUse,
  names: readonly string[],
  subject: Pair,
  change: object = {},
): string {
  const body = certificateBody({
    serial: Uint8Array.of(0x7f, use.length, names.length),
    issuer: ISSUER,
    subject: use === 'authority' ? ISSUER : { commonName: names[0] ?? 'someone', unit: 'lbctl-viewer' },
    names: use === 'authority' ? [] : names,
    notBeforeMs: Date.now() - 60_000,
    notAfterMs: Date.now() + DAY,
    publicKey: subject.spki,
    subjectKeyId: subject.id,
    authorityKeyId: CA.id,
    use,
    ...change,
  });
  return pemOf('CERTIFICATE', signed(body, sign('sha256', body, CA.key)));
}

test('certificates pass "openssl verify" for what they are for, and for nothing else', () => {
  const ca = file('ca.pem', certificate('authority', [], CA));
  const leaf = pair();
  const names = ['lb-a.example.com', '192.0.2.10', '2001:db8::10'];
  const server = file('server.pem', certificate('server', names, leaf));
  const client = file('client.pem', certificate('client', ['ci'], leaf));

  const strict = ['verify', '-x509_strict', '-CAfile', ca];
  assert.match(openssl(...strict, '-purpose', 'sslserver', server), /: OK/);
  assert.match(openssl(...strict, '-purpose', 'sslclient', client), /: OK/);
  assert.throws(() => openssl(...strict, '-purpose', 'sslserver', client));
  assert.throws(() => openssl('verify', '-CAfile', server, client));
  for (const [option, name] of [
    ['-verify_hostname', names[0]!],
    ['-verify_ip', names[1]!],
    ['-verify_ip', names[2]!],
  ] as const)
    assert.match(openssl(...strict, option, name, server), /: OK/);
  assert.throws(() => openssl(...strict, '-verify_hostname', 'other.example.com', server));
});

test('Node reads back what was written', () => {
  const leaf = pair();
  const read = new X509Certificate(
    certificate('peer', ['lb-b', '10.0.0.1', 'spiffe://x/y'], leaf, { notAfterMs: Date.UTC(2055, 0, 1) }),
  );
  assert.equal(read.subject, 'OU=lbctl-viewer\nCN=lb-b');
  assert.equal(read.issuer, 'O=Steelyard\nCN=test authority');
  assert.equal(read.subjectAltName, 'DNS:lb-b, IP Address:10.0.0.1, URI:spiffe://x/y');
  assert.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(read.ca, false);
  assert.equal(Date.parse(read.validTo), Date.UTC(2055, 0, 1));
  assert.ok(read.verify(createPublicKey(CA.key)));
  assert.ok(read.checkPrivateKey(leaf.key));
});

test('a CRL takes certificates back in the eyes of openssl', () => {
  const ca = file('ca2.pem', certificate('authority', [], CA));
  const leaf = pair();
  const [good, bad] = [
    file('good.pem', certificate('client', ['a'], leaf)),
    file('bad.pem', certificate('client', ['a', 'b'], leaf)),
  ];
  const body = crlBody({
    issuer: ISSUER,
    number: 3,
    thisUpdateMs: Date.now() - 60_000,
    nextUpdateMs: Date.now() + DAY,
    authorityKeyId: CA.id,
    revoked: [{ serial: Uint8Array.of(0x7f, 6, 2), atMs: Date.now() - 60_000 }],
  });
  const crl = file('ca.crl', pemOf('X509 CRL', signed(body, sign('sha256', body, CA.key))));

  assert.match(openssl('crl', '-in', crl, '-noout', '-text'), /X509v3 CRL Number: \s+3/);
  const check = ['verify', '-crl_check', '-x509_strict', '-CAfile', ca, '-CRLfile', crl];
  assert.match(openssl(...check, good), /: OK/);
  assert.throws(() => openssl(...check, bad), /revoked/);
});

test('any subject, name and serial is a certificate that Node reads the same', () => {
  const leaf = pair();
  const word = fc.stringMatching(/^[a-z0-9.-]{1,40}$/);
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 20 }),
      fc.string({ minLength: 1, maxLength: 60 }),
      fc.array(word, { maxLength: 40 }),
      (serial, commonName, names) => {
        fc.pre(!commonName.includes('\0') && serial.some((byte) => byte !== 0));
        serial[0]! &= 0x7f;
        fc.pre(serial[0] !== 0);
        const read = new X509Certificate(
          certificate('server', names, leaf, { serial, subject: { commonName } }),
        );
        assert.equal(BigInt(`0x${read.serialNumber}`), BigInt(`0x${hex(serial)}`));
        assert.equal(read.toLegacyObject().subject.CN, commonName);
      },
    ),
    { numRuns: 200 },
  );
});
