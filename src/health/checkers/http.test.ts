import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2, createSecureServer } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer as createTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { BEAT, never, soon } from '../../../test/fixtures/checks.ts';
import type { HttpRequest } from '../../model/health-check.ts';
import type { CheckOf } from './checker.ts';
import { checkHttp } from './http.ts';
import { checkTlsHello } from './tls-hello.ts';

const REQUEST: HttpRequest = {
  method: 'GET',
  path: '/',
  headers: {},
  codes: [{ from: 200, to: 299 }],
  bodyInvert: false,
};
const CHECK: CheckOf<'http' | 'https'> = { ...BEAT, type: 'http', version: '1.1', requests: [REQUEST] };
const PLAIN_TLS = { verify: false, alpn: [], minDaysLeft: 0 } as const;

const folder = mkdtempSync(join(tmpdir(), 'lbctl-http-check-'));
const closers: (() => void)[] = [() => rmSync(folder, { recursive: true })];
let pem: { cert: Buffer; key: Buffer };

before(() => {
  const subject = [
    '-subj',
    '/CN=member.example',
    '-addext',
    'subjectAltName=DNS:member.example,IP:127.0.0.1',
  ];
  const files = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem')];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '3',
      ...subject,
      ...files,
    ],
    { stdio: 'pipe' },
  );
  pem = { cert: readFileSync(join(folder, 'cert.pem')), key: readFileSync(join(folder, 'key.pem')) };
});
after(() => {
  for (const close of closers) close();
});

async function listen(server: Server): Promise<{ address: string; port: number }> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  return { address: '127.0.0.1', port: (server.address() as AddressInfo).port };
}

function serve(listener: RequestListener): Promise<{ address: string; port: number }> {
  return listen(createServer(listener));
}

describe('checkHttp() over HTTP/1.1', () => {
  it('passes on an expected code and sends Host, method and headers as asked', async () => {
    const seen: string[] = [];
    const target = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers.host} ${request.headers['x-probe']}`);
      response.end('fine');
    });
    const requests = [{ ...REQUEST, method: 'HEAD', path: '/healthz', headers: { 'X-Probe': '1' } }];

    const outcome = await checkHttp({ ...CHECK, host: 'www.example.com', requests }, target, soon());

    assert.deepEqual(outcome, { ok: true });
    assert.deepEqual(seen, ['HEAD /healthz www.example.com 1']);
  });

  it('names the request and the code that were not wanted', async () => {
    const target = await serve((request, response) => {
      response.statusCode = request.url === '/b' ? 503 : 204;
      response.end();
    });
    const requests = [
      { ...REQUEST, path: '/a' },
      {
        ...REQUEST,
        path: '/b',
        codes: [
          { from: 200, to: 299 },
          { from: 301, to: 301 },
        ],
      },
    ];

    const outcome = await checkHttp({ ...CHECK, requests }, target, soon());

    assert.deepEqual(outcome, { ok: false, error: 'GET /b answered 503: wanted 200-299, 301' });
  });

  it('matches the body, the absence of a pattern, and a digest', async () => {
    const target = await serve((_request, response) => response.end('status: ready\n'));
    const check = (request: Partial<HttpRequest>) =>
      checkHttp({ ...CHECK, requests: [{ ...REQUEST, ...request }] }, target, soon());

    assert.deepEqual(await check({ body: '^status: ready' }), { ok: true });
    assert.deepEqual(await check({ body: 'error', bodyInvert: true }), { ok: true });
    assert.deepEqual(await check({ body: 'gone' }), {
      ok: false,
      error: 'The body of / does not match /gone/',
    });
    assert.deepEqual(await check({ digest: 'd0f7b4dfcd6e5d2ce08e9a2ad7ed2b7e' }), {
      ok: false,
      error: 'The body of / has digest 836367b670dd1b673f3c28232924459c',
    });
    assert.deepEqual(await check({ digest: '836367b670dd1b673f3c28232924459c' }), { ok: true });
  });

  it('judges an endless body by its first mebibyte', async () => {
    const target = await serve((_request, response) => {
      const feed = (): void => {
        while (!response.destroyed && response.write('z'.repeat(65_536))) {}
        if (!response.destroyed) response.once('drain', feed);
      };
      feed();
    });

    const outcome = await checkHttp({ ...CHECK, requests: [{ ...REQUEST, body: 'never' }] }, target, soon());

    assert.deepEqual(outcome, { ok: false, error: 'The body of / does not match /never/' });
  });

  it('gives up on a member that sends its headers a byte at a time', async () => {
    const target = await listen(
      createTcp((socket) => {
        socket.on('error', () => {});
        const text = `HTTP/1.1 200 OK\r\nX-Slow: ${'a'.repeat(1000)}`;
        let sent = 0;
        const timer = setInterval(() => socket.write(text[sent++] ?? ''), 10);
        socket.on('close', () => clearInterval(timer));
      }) as unknown as Server,
    );

    const outcome = await checkHttp(CHECK, target, never());

    assert.deepEqual(outcome, { ok: false, error: 'Timed out waiting for the answer to GET /' });
  });

  it('says when the answer is no HTTP', async () => {
    const target = await listen(
      createTcp((socket) => socket.on('error', () => {}).end('SSH-2.0-x\r\n')) as unknown as Server,
    );

    const outcome = await checkHttp(CHECK, target, soon());

    assert.deepEqual(outcome, { ok: false, error: 'The answer is no HTTP: it begins with "SSH-2.0-x"' });
  });

  it('asks in the version it was told, and takes a change of protocol as an answer', async () => {
    const seen: string[] = [];
    const target = await listen(
      createTcp((socket) => {
        socket.on('error', () => {});
        socket.on('data', (bytes) => {
          seen.push(bytes.toString());
          socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n');
        });
      }) as unknown as Server,
    );
    const requests = [{ ...REQUEST, headers: { Upgrade: 'websocket' }, codes: [{ from: 101, to: 101 }] }];

    assert.deepEqual(await checkHttp({ ...CHECK, version: '1.0', host: 'a', requests }, target, soon()), {
      ok: true,
    });
    assert.deepEqual(seen, [
      'GET / HTTP/1.0\r\nHost: a\r\nUser-Agent: steelyard-check\r\nConnection: close\r\nUpgrade: websocket\r\n\r\n',
    ]);
  });

  it('tells an answer that broke off from one that never came', async () => {
    const answering = (text: string) =>
      listen(
        createTcp((socket) =>
          socket.on('error', () => {}).on('data', () => socket.end(text)),
        ) as unknown as Server,
      );
    const ask = async (text: string, body?: string) => {
      const requests = [body === undefined ? REQUEST : { ...REQUEST, body }];
      const outcome = await checkHttp({ ...CHECK, requests }, await answering(text), soon());
      return outcome.ok ? 'passed' : outcome.error;
    };
    const closed = 'The member closed the connection';

    assert.equal(await ask(''), `${closed} without an answer`);
    assert.equal(await ask('HTTP/1.1 200 OK\r\nServer'), `${closed} within the headers of its answer`);
    assert.equal(
      await ask('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok', 'ok'),
      `${closed} within the body of its answer`,
    );
    assert.equal(await ask('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok'), 'passed');
    assert.equal(await ask('HTTP/1.1 200 OK\r\n\r\nok', '^ok$'), 'passed');
  });

  it('sends no header that would begin another line', async () => {
    const target = await serve((_request, response) => response.end('fine'));

    const outcome = await checkHttp({ ...CHECK, host: 'a\r\nX: y' }, target, soon());

    assert.deepEqual(outcome, {
      ok: false,
      error: 'Cannot send value of header Host "a\\r\\nX: y" as HTTP does not allow its characters',
    });
  });
});

describe('checkHttp() over TLS and HTTP/2', () => {
  it('verifies the certificate only where asked to, and tells why it does not verify', async () => {
    const target = await listen(createHttps(pem, (_request, response) => response.end('ok')));
    const check = { ...CHECK, type: 'https' as const };

    assert.deepEqual(await checkHttp(check, target, soon()), { ok: true });
    assert.deepEqual(await checkHttp({ ...check, tls: { ...PLAIN_TLS, verify: true } }, target, soon()), {
      ok: false,
      error: 'The certificate does not verify: DEPTH_ZERO_SELF_SIGNED_CERT',
    });
    const ca = join(folder, 'cert.pem');
    assert.deepEqual(
      await checkHttp(
        { ...check, tls: { ...PLAIN_TLS, verify: true, ca, sni: 'member.example' } },
        target,
        soon(),
      ),
      { ok: true },
    );
  });

  it('trusts the authorities of the machine where it names none, as they stand in its file now', async () => {
    const target = await listen(createHttps(pem, (_request, response) => response.end('ok')));
    const tls = { ...PLAIN_TLS, verify: true, sni: 'member.example' };
    const ask = async (): Promise<boolean> =>
      (await checkHttp({ ...CHECK, type: 'https', tls }, target, soon())).ok;
    const bundle = join(folder, 'bundle.crt');
    writeFileSync(bundle, '');
    process.env.SSL_CERT_FILE = bundle;
    try {
      assert.equal(await ask(), false);
      writeFileSync(bundle, pem.cert);
      utimesSync(bundle, 1, 1);
      assert.equal(await ask(), true);
    } finally {
      delete process.env.SSL_CERT_FILE;
    }
  });

  it('fails a certificate that ends too soon', async () => {
    const target = await listen(createHttps(pem, (_request, response) => response.end('ok')));

    const outcome = await checkHttp(
      { ...CHECK, type: 'https', tls: { ...PLAIN_TLS, minDaysLeft: 30 } },
      target,
      soon(),
    );

    assert.match((outcome as { error: string }).error, /^The certificate ends in 2 days, on .* wanted 30$/);
  });

  it('speaks HTTP/2 in clear and over TLS', async () => {
    const clear = await listen(createHttp2((_request, response) => response.end('two')) as unknown as Server);
    const secure = await listen(
      createSecureServer(pem, (_request, response) => response.end('two')) as unknown as Server,
    );
    const requests = [{ ...REQUEST, body: '^two$' }];

    assert.deepEqual(await checkHttp({ ...CHECK, version: '2', requests }, clear, soon()), { ok: true });
    assert.deepEqual(await checkHttp({ ...CHECK, type: 'https', version: '2', requests }, secure, soon()), {
      ok: true,
    });
  });

  it('says when a member does not speak TLS', async () => {
    const target = await serve((_request, response) => response.end('plain'));

    const outcome = await checkHttp({ ...CHECK, type: 'https' }, target, soon());

    assert.deepEqual(outcome, { ok: false, error: 'The member does not speak TLS on this port' });
  });
});

describe('checkTlsHello()', () => {
  it('passes after a handshake and times out on a silent member', async () => {
    const good = await listen(createHttps(pem, () => {}));
    const silent = await listen(createTcp((socket) => socket.on('error', () => {})) as unknown as Server);
    const check: CheckOf<'tls-hello'> = { ...BEAT, type: 'tls-hello', tls: PLAIN_TLS };

    assert.deepEqual(await checkTlsHello(check, good, soon()), { ok: true });
    assert.deepEqual(await checkTlsHello(check, silent, never()), {
      ok: false,
      error: 'Timed out waiting for the TLS handshake',
    });
  });
});
