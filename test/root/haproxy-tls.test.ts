// TLS on the real HAProxy: certificates by SNI, versions, client certificates with CRL, rotation, pass-through, re-encryption.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect as connectH2 } from 'node:http2';
import { createServer as createHttpsServer, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type ConnectionOptions, connect, createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { noQuicReason, probeHaproxy } from '../../src/drivers/haproxy/open-haproxy.ts';
import type { Certificate } from '../../src/model/tls.ts';
import { applyPhases, planOf } from '../conformance/converge.ts';
import { named, type Pem, TestCa } from './haproxy-certificates.ts';
import { BINARY, Rig } from './haproxy-rig.ts';
import {
  closeMembers,
  HTTP,
  listen,
  poolOf,
  put,
  startMember,
  type Told,
  tlsOf,
  VIP,
  worldOf,
} from './haproxy-site.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-haproxy-tls-'));
const ca = new TestCa(folder);
const shop = ca.issue('shop.example.com');
const api = ca.issue('api.example.com');
const anna = ca.issue('anna');
const bert = ca.issue('bert');
const rig = new Rig();
const driver = rig.open();
let one = 0;

const CERTIFICATES: readonly Certificate[] = [named('shop', shop), named('api', api)];

before(async () => {
  one = await startMember('one');
});

after(async () => {
  await rig.close();
  await closeMembers();
  rmSync(folder, { recursive: true, force: true });
});

async function handshake(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({
    host: VIP,
    port,
    ca: readFileSync(ca.ca.certificate),
    servername: 'shop.example.com',
    ...options,
  });
  await once(socket, 'secureConnect');
  return socket;
}

async function subject(port: number, servername: string): Promise<string> {
  const socket = await handshake(port, { servername, checkServerIdentity: () => undefined });
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

async function get(
  port: number,
  more: ConnectionOptions = {},
): Promise<{ status: number; headers: Record<string, unknown>; told: Told }> {
  const asked = request({
    host: VIP,
    port,
    ca: readFileSync(ca.ca.certificate),
    servername: 'shop.example.com',
    agent: false,
    ...more,
  });
  asked.end();
  const [response] = await once(asked, 'response');
  let text = '';
  for await (const chunk of response) text += chunk;
  return {
    status: response.statusCode,
    headers: response.headers,
    told: text.startsWith('{') ? JSON.parse(text) : {},
  };
}

function clientOf(pem: Pem): ConnectionOptions {
  return { cert: readFileSync(pem.certificate), key: readFileSync(pem.key) };
}

test('certificates are chosen by SNI, the first answers every other name, and keys are for root alone', async () => {
  await put(
    driver,
    worldOf({
      listeners: [
        {
          name: 'shop',
          port: 8443,
          members: [one],
          listener: { protocol: 'https', tls: tlsOf(['shop', 'api']) },
        },
      ],
      certificates: CERTIFICATES,
    }),
  );

  assert.equal(await subject(8443, 'api.example.com'), 'api.example.com');
  assert.equal(await subject(8443, 'nobody.example.com'), 'shop.example.com');
  assert.equal(statSync(join(rig.runDir, 'tls/shop.pem')).mode & 0o777, 0o600);
  assert.equal(statSync(join(rig.runDir, 'haproxy.cfg')).mode & 0o777, 0o600);
  assert.equal(statSync(rig.runDir).mode & 0o777, 0o700);
});

test('HTTP/2 comes by ALPN, with HSTS, and HTTP/1.1 where the client knows no other', async () => {
  const tls = tlsOf(['shop'], {
    hsts: { maxAgeSeconds: 31_536_000, includeSubdomains: true, preload: false },
  });
  await put(
    driver,
    worldOf({
      listeners: [
        {
          name: 'shop',
          port: 8443,
          members: [one],
          listener: { protocol: 'https', tls, http: { ...HTTP, insertHeaders: ['X-Forwarded-Proto'] } },
        },
      ],
      certificates: CERTIFICATES,
    }),
  );

  const session = connectH2(`https://${VIP}:8443`, {
    ca: readFileSync(ca.ca.certificate),
    servername: 'shop.example.com',
  });
  // gRPC's shape: a request with trailers asked for, many streams on one connection.
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const stream = session.request({
        ':path': `/${i}`,
        ':method': 'POST',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.end(Buffer.alloc(1000));
      const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
      let text = '';
      for await (const chunk of stream) text += chunk;
      return { headers, told: JSON.parse(text) as Told };
    }),
  );
  session.close();

  for (const { headers, told } of answers) {
    assert.equal(headers[':status'], 200);
    assert.equal(headers['strict-transport-security'], 'max-age=31536000; includeSubDomains');
    assert.equal(told.headers['x-forwarded-proto'], 'https');
    assert.equal(told.bytes, 1000);
  }
  assert.equal((await get(8443)).status, 200);
});

test('TLS versions outside of the range are refused', async () => {
  await put(
    driver,
    worldOf({
      listeners: [
        {
          name: 'new',
          port: 8443,
          members: [one],
          listener: { protocol: 'https', tls: tlsOf(['shop'], { minVersion: '1.3' }) },
        },
        {
          name: 'old',
          port: 8444,
          members: [one],
          listener: {
            protocol: 'https',
            tls: tlsOf(['shop'], { minVersion: '1.0', maxVersion: '1.2', ciphers: 'ECDHE+AESGCM:ECDHE+AES' }),
          },
        },
      ],
      certificates: CERTIFICATES,
    }),
  );

  await assert.rejects(handshake(8443, { maxVersion: 'TLSv1.2' }));
  const fresh = await handshake(8443);
  assert.equal(fresh.getProtocol(), 'TLSv1.3');
  fresh.destroy();
  const old = await handshake(8444, {
    minVersion: 'TLSv1',
    maxVersion: 'TLSv1.1',
    ciphers: 'ALL:@SECLEVEL=0',
  });
  assert.equal(old.getProtocol(), 'TLSv1.1');
  old.destroy();
});

test('client certificates are required or optional, told to the member, and a revoked one is refused', async () => {
  ca.revoke(bert);
  const asked = { clientCa: ca.ca.certificate, clientCrl: ca.crl() };
  const http = {
    ...HTTP,
    insertHeaders: [
      'X-SSL-Client-Verify',
      'X-SSL-Client-Has-Cert',
      'X-SSL-Client-CN',
      'X-SSL-Client-DN',
      'X-SSL-Issuer',
      'X-SSL-Client-SHA1',
      'X-SSL-Client-Not-Before',
      'X-SSL-Client-Not-After',
    ] as const,
    rules: [
      {
        name: 'anna',
        matches: [
          { type: 'tls-dn-field', key: 'CN', compare: 'equal', value: 'anna', invert: false },
          { type: 'path', compare: 'equal', value: '/anna', invert: false },
        ],
        action: { kind: 'reject', code: 418 },
      },
      {
        name: 'none',
        matches: [
          { type: 'tls-has-cert', compare: 'equal', value: 'true', invert: true },
          { type: 'path', compare: 'equal', value: '/cert', invert: false },
        ],
        action: { kind: 'reject', code: 401 },
      },
    ] as const,
  };
  await put(
    driver,
    worldOf({
      listeners: [
        {
          name: 'must',
          port: 8443,
          members: [one],
          listener: { protocol: 'https', tls: tlsOf(['shop'], { clientAuth: 'required', ...asked }), http },
        },
        {
          name: 'may',
          port: 8444,
          members: [one],
          listener: { protocol: 'https', tls: tlsOf(['shop'], { clientAuth: 'optional', ...asked }), http },
        },
      ],
      certificates: CERTIFICATES,
    }),
  );

  const { told } = await get(8443, clientOf(anna));
  assert.equal(told.headers['x-ssl-client-cn'], 'anna');
  assert.equal(told.headers['x-ssl-client-verify'], '0');
  assert.equal(told.headers['x-ssl-client-has-cert'], '1');
  const fingerprint = new X509Certificate(readFileSync(anna.certificate)).fingerprint.replaceAll(':', '');
  assert.equal(told.headers['x-ssl-client-sha1'], fingerprint);
  await assert.rejects(get(8443));
  await assert.rejects(get(8443, clientOf(bert)));
  await assert.rejects(get(8444, clientOf(bert)));
  assert.equal((await get(8444)).told.headers['x-ssl-client-has-cert'], '0');
  assert.equal((await get(8444, { path: '/cert' } as ConnectionOptions)).status, 401);
  assert.equal((await get(8443, { ...clientOf(anna), path: '/anna' } as ConnectionOptions)).status, 418);
});

test('TLS passes through, and SNI chooses the pool', async () => {
  const [first, second] = [await tlsMember('first', shop), await tlsMember('second', api)];
  const rule = (value: string, action: object) =>
    ({ name: value, matches: [{ type: 'sni', compare: 'equal', value, invert: false }], action }) as never;
  await put(
    driver,
    worldOf({
      listeners: [
        {
          name: 'through',
          port: 8443,
          members: [first],
          listener: {
            protocol: 'tls',
            http: {
              ...HTTP,
              rules: [
                rule('bad.example.com', { kind: 'reject', code: 403 }),
                rule('API.example.com', { kind: 'pool', pool: 'second' }),
              ],
            },
          },
        },
      ],
      pools: [poolOf('second', [second])],
    }),
  );

  assert.equal(await subject(8443, 'shop.example.com'), 'shop.example.com');
  assert.equal(await subject(8443, 'api.example.com'), 'api.example.com');
  await assert.rejects(subject(8443, 'bad.example.com'));
});

async function tlsMember(name: string, pem: Pem): Promise<number> {
  return listen(
    createTlsServer({ cert: readFileSync(pem.certificate), key: readFileSync(pem.key) }, (socket) => {
      socket.on('error', () => {});
      socket.end(name);
    }),
  );
}

test('traffic is encrypted again to members that are verified, by name, with a certificate of ours', async () => {
  const member = await listen(
    createHttpsServer(
      {
        cert: readFileSync(api.certificate),
        key: readFileSync(api.key),
        ca: readFileSync(ca.ca.certificate),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        const { subject } = (request.socket as TLSSocket).getPeerCertificate();
        response.end(JSON.stringify({ member: String(subject.CN) }));
      },
    ),
  );
  const tls = {
    verify: true,
    ca: ca.ca.certificate,
    certificate: 'shop',
    sni: 'api.example.com',
    alpn: ['http/1.1'],
  };
  const wrong = { ...tls, sni: 'other.example.com' };
  await put(
    driver,
    worldOf({
      listeners: [
        { name: 'right', port: 8080, members: [member], pool: { tls } },
        { name: 'wrong', port: 8081, members: [member], pool: { tls: wrong } },
      ],
      certificates: CERTIFICATES,
    }),
  );

  const right = await fetch(`http://${VIP}:8080/`);
  assert.deepEqual(await right.json(), { member: 'shop.example.com' });
  assert.equal((await fetch(`http://${VIP}:8081/`)).status, 503);
});

test('a certificate is rotated under load through the socket, and no handshake fails', async () => {
  const live: Pem = { certificate: join(folder, 'live.pem'), key: join(folder, 'live.key') };
  const lay = (pem: Pem) => {
    copyFileSync(pem.key, live.key);
    copyFileSync(pem.certificate, live.certificate);
  };
  lay(shop);
  const world = worldOf({
    listeners: [
      { name: 'live', port: 8443, members: [one], listener: { protocol: 'https', tls: tlsOf(['live']) } },
    ],
    certificates: [named('live', live)],
  });
  await put(driver, world);
  const renewed = ca.issue('renewed', ['shop.example.com']);
  const seen = new Set<string>();
  let failed = 0;
  let going = true;
  const load = Promise.all(
    Array.from({ length: 4 }, async () => {
      while (going) seen.add(await subject(8443, 'shop.example.com').catch(() => String(failed++)));
    }),
  );

  const pid = rig.process.pid();
  for (const pem of [renewed, shop, renewed, shop, renewed]) {
    lay(pem);
    const { steps } = await put(driver, world);
    assert.deepEqual(
      steps.map(({ item, how }) => [item.key, how]),
      [['certificate live', 'runtime']],
    );
  }
  going = false;
  await load;

  assert.equal(failed, 0);
  assert.deepEqual([...seen].sort(), ['renewed', 'shop.example.com']);
  assert.equal(await subject(8443, 'shop.example.com'), 'renewed');
  assert.equal(rig.process.pid(), pid);
  assert.deepEqual((await planOf(driver, world)).steps, []);
});

test('a bad certificate stops its own listener, with a code, and no other', async () => {
  const expired = ca.issue('expired', ['x.example.com'], -1);
  const locked: Pem = { certificate: shop.certificate, key: join(folder, 'locked.key') };
  writeFileSync(
    locked.key,
    '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n',
  );
  const bad: readonly Certificate[] = [
    named('pair', { certificate: shop.certificate, key: api.key }),
    named('expired', expired),
    named('locked', locked),
    named('gone', { certificate: join(folder, 'gone.pem'), key: api.key }),
  ];
  const world = worldOf({
    listeners: [
      { name: 'good', port: 8460, members: [one], listener: { protocol: 'https', tls: tlsOf(['shop']) } },
      ...bad.map(({ name }, i) => ({
        name,
        port: 8461 + i,
        members: [one],
        listener: { protocol: 'https' as const, tls: tlsOf([name]) },
      })),
    ],
    certificates: [...CERTIFICATES, ...bad],
  });

  const { steps } = await planOf(driver, world);
  const results = await applyPhases(driver, steps);

  const failures = new Map(
    results.flatMap((one) => (one.ok ? [] : [[one.step.item.key, one.error] as const])),
  );
  assert.equal(await subject(8460, 'shop.example.com'), 'shop.example.com');
  const said = [
    ['pair', 'CERTIFICATE_INVALID', /belongs to another/],
    ['expired', 'CERTIFICATE_INVALID', /expired on/],
    ['locked', 'CERTIFICATE_INVALID', /encrypted/],
    ['gone', 'FILE_UNREADABLE', /ENOENT/],
  ] as const;
  said.forEach(([name, code, reason], i) => {
    const own = failures.get(`certificate ${name}`);
    const listener = failures.get(`tcp/${VIP}:${8461 + i}`);
    assert.equal(own?.code, code);
    assert.match(own.message, reason);
    assert.equal(listener?.code, 'CERTIFICATE_INVALID');
    assert.match(listener.message, reason, 'the listener says why, too');
  });
});

test('HTTP/3 is refused with a code where this HAProxy has no QUIC, and the other listeners go on', async () => {
  const { features } = probeHaproxy(BINARY);
  const noQuic = features === undefined ? 'it does not run' : noQuicReason(features);
  const other = new Rig(noQuic === undefined ? {} : { noQuic });
  try {
    const h3 = tlsOf(['shop'], { alpn: ['h3', 'h2'] });
    const world = worldOf({
      listeners: [
        { name: 'three', port: 8470, members: [one], listener: { protocol: 'https', tls: h3 } },
        { name: 'plain', port: 8471, members: [one] },
      ],
      certificates: CERTIFICATES,
    });
    const opened = other.open();
    const results = await applyPhases(opened, (await planOf(opened, world)).steps);

    const failed = results.flatMap((one) => (one.ok || one.step.item.kind !== 'listener' ? [] : [one]));
    assert.deepEqual(
      failed.map(({ step, error }) => [step.item.key, error.code]),
      noQuic === undefined ? [] : [[`tcp/${VIP}:8470`, 'HAPROXY_REFUSED']],
    );
    assert.equal((await fetch(`http://${VIP}:8471/`)).status, 200);
  } finally {
    await other.close();
  }
});
