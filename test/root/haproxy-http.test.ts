// HTTP listeners on the real HAProxy: rules, headers, persistence, limits, pages, asked by real clients.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectH2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { exec } from '../../lab/process.ts';
import type { HttpRule, RuleMatch } from '../../src/model/http.ts';
import { Rig } from './haproxy-rig.ts';
import {
  closeMembers,
  HTTP,
  poolOf,
  put,
  startEcho,
  startMember,
  type Told,
  VIP,
  type Wanted,
  worldOf,
} from './haproxy-site.ts';

const rig = new Rig();
const driver = rig.open();
const folder = mkdtempSync(join(tmpdir(), 'sy-haproxy-http-'));
/** There is one IPv6 loopback address: another run must have another port. */
const SIX = 20_000 + (process.pid % 10_000);
let one = 0;
let two = 0;
let three = 0;

before(async () => {
  [one, two, three] = [await startMember('one'), await startMember('two'), await startMember('three')];
});

after(async () => {
  await rig.close();
  await closeMembers();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly told: Told;
}

async function get(port: number, path = '/', init: RequestInit = {}): Promise<Answer> {
  // A connection kept from before a reload is answered once more by the worker it belongs to.
  const headers = { connection: 'close', ...init.headers };
  const response = await fetch(`http://${VIP}:${port}${path}`, { redirect: 'manual', ...init, headers });
  const text = await response.text();
  const told = text.startsWith('{') ? (JSON.parse(text) as Told) : ({} as Told);
  return { status: response.status, headers: response.headers, text, told };
}

function site(listener: Wanted['listener'], pool: Wanted['pool'] = {}, members = [one, two]): Wanted {
  return { name: 'site', port: 8080, members, ...(listener === undefined ? {} : { listener }), pool };
}

function match(type: RuleMatch['type'], value: string, more: Partial<RuleMatch> = {}): RuleMatch {
  return { type, compare: 'equal', value, invert: false, ...more };
}

test('rules act in their order, whatever their kind, and the first that holds wins', async () => {
  const rules: HttpRule[] = [
    {
      name: 'to three',
      matches: [match('path', '/api', { compare: 'starts' })],
      action: { kind: 'pool', pool: 'three' },
    },
    {
      name: 'no',
      matches: [match('path', '/', { compare: 'starts' }), match('header', 'b', { key: 'X-A' })],
      action: { kind: 'reject', code: 403 },
    },
    { name: 'teapot', matches: [match('path', '/tea')], action: { kind: 'reject', code: 418 } },
    {
      name: 'url',
      matches: [match('host', 'OLD.example.com')],
      action: { kind: 'redirect-url', url: "https://new.example.com/?q=50%&a='b'", code: 302 },
    },
    {
      name: 'prefix',
      matches: [match('path', '^/old/[0-9]+$', { compare: 'regex' })],
      action: { kind: 'redirect-prefix', prefix: 'https://x.example.com/p', code: 308 },
    },
    { name: 'type', matches: [match('file-type', 'jpg')], action: { kind: 'reject', code: 404 } },
    {
      name: 'cookie',
      matches: [match('cookie', 'yes', { key: 'beta', compare: 'contains' })],
      action: { kind: 'pool', pool: 'three' },
    },
    { name: 'query', matches: [match('query', '1', { key: 'dbg' })], action: { kind: 'reject', code: 401 } },
    { name: 'method', matches: [match('method', 'DELETE')], action: { kind: 'reject', code: 405 } },
    {
      name: 'source',
      matches: [match('source', '127.0.0.0/8', { invert: true })],
      action: { kind: 'reject', code: 400 },
    },
  ];
  await put(
    driver,
    worldOf({ listeners: [site({ http: { ...HTTP, rules } })], pools: [poolOf('three', [three])] }),
  );

  assert.equal((await get(8080)).status, 200);
  assert.equal((await get(8080, '/api/x')).told.member, 'three');
  // The second rule holds too: the first has acted.
  assert.equal((await get(8080, '/api/x', { headers: { 'X-A': 'b' } })).told.member, 'three');
  assert.equal((await get(8080, '/x', { headers: { 'X-A': 'b' } })).status, 403);
  assert.equal((await get(8080, '/tea')).status, 418);
  const moved = await exec([
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-w',
    '%{http_code} %{redirect_url}',
    '-H',
    'Host: old.example.com:8080',
    `http://${VIP}:8080/`,
  ]);
  assert.equal(moved.stdout, "302 https://new.example.com/?q=50%&a='b'");
  const prefixed = await get(8080, '/old/7');
  assert.deepEqual(
    [prefixed.status, prefixed.headers.get('location')],
    [308, 'https://x.example.com/p/old/7'],
  );
  assert.equal((await get(8080, '/a.d/b.jpg')).status, 404);
  assert.equal((await get(8080, '/b', { headers: { cookie: 'a=1; beta=oh-yes-no' } })).told.member, 'three');
  assert.equal((await get(8080, '/b?dbg=1')).status, 401);
  assert.equal((await get(8080, '/b', { method: 'DELETE' })).status, 405);
});

test('no rule that holds and no member gives 503', async () => {
  await put(driver, worldOf({ listeners: [site({ http: HTTP }, {}, [])] }));

  assert.equal((await get(8080)).status, 503);
});

test('headers are told to the member, set on the answer and taken out of it', async () => {
  const http = {
    ...HTTP,
    insertHeaders: ['X-Forwarded-For', 'X-Forwarded-Port', 'X-Forwarded-Proto'] as const,
    setHeaders: { 'X-Served-By': `it's "100%" $HOME \\ #1` },
    removeHeaders: ['X-Powered-By'],
  };
  await put(driver, worldOf({ listeners: [site({ http })] }));

  const { told, headers } = await get(8080, '/', { headers: { 'X-Forwarded-Proto': 'gopher' } });

  assert.equal(told.headers['x-forwarded-for'], '127.0.0.1');
  assert.equal(told.headers['x-forwarded-port'], '8080');
  assert.equal(told.headers['x-forwarded-proto'], 'http');
  assert.equal(headers.get('x-served-by'), `it's "100%" $HOME \\ #1`);
  assert.equal(headers.get('x-powered-by'), null);
});

test('an inserted cookie, a cookie of the application and a source each keep a client at its member', async () => {
  const members = [one, two, three];
  await put(
    driver,
    worldOf({
      listeners: [
        { ...site({ persistence: { kind: 'insert-cookie', cookie: 'SRV', timeoutMs: 60_000 } }), members },
        {
          name: 'app',
          port: 8081,
          members,
          listener: { persistence: { kind: 'app-cookie', cookie: 'APP', timeoutMs: 60_000 } },
        },
        {
          name: 'source',
          port: 8082,
          members,
          listener: {
            persistence: { kind: 'source', timeoutMs: 60_000, granularityV4: 24, granularityV6: 64 },
          },
        },
      ],
    }),
  );

  const first = await get(8080);
  const cookie = first.headers.get('set-cookie')!.split(';')[0]!;
  const login = await get(8081, '/login');
  const stuck = await get(8082);
  for (let i = 0; i < 6; i++) {
    assert.equal((await get(8080, '/', { headers: { cookie } })).told.member, first.told.member);
    assert.equal(
      (await get(8081, '/', { headers: { cookie: `APP=${login.told.member}-session` } })).told.member,
      login.told.member,
    );
    assert.equal((await get(8082)).told.member, stuck.told.member);
  }
  assert.match(first.headers.get('set-cookie')!, /^SRV=[^;]+; path=\/; HttpOnly/);
});

test('clients that stick by source stick through a reload', async () => {
  const persistence = { kind: 'source', timeoutMs: 60_000, granularityV4: 32, granularityV6: 128 } as const;
  const world = (keepAliveMs: number) =>
    worldOf({
      listeners: [
        site(
          {
            persistence,
            timeouts: {
              clientMs: 50_000,
              connectMs: 5000,
              memberMs: 50_000,
              inspectMs: 0,
              requestMs: 10_000,
              keepAliveMs,
            },
          },
          {},
          [one, two, three],
        ),
      ],
    });
  await put(driver, world(1000));
  const { told } = await get(8080);

  const { steps } = await put(driver, world(2000));

  assert.deepEqual(
    steps.map((step) => step.how),
    ['reload'],
  );
  for (let i = 0; i < 6; i++) assert.equal((await get(8080)).told.member, told.member);
});

test('maintenance answers 503 with the page of the operator', async () => {
  const page = join(folder, 'it is late.html');
  writeFileSync(page, '<h1>back soon</h1>');
  await put(
    driver,
    worldOf({ listeners: [site({ http: { ...HTTP, maintenance: true, errorPages: { '503': page } } })] }),
  );

  const { status, text } = await get(8080);

  assert.equal(status, 503);
  assert.equal(text, '<h1>back soon</h1>');
});

test('compression packs text', async () => {
  await put(driver, worldOf({ listeners: [site({ http: { ...HTTP, compression: true } })] }));

  const raw = await exec(['sh', '-c', `curl -s -H 'Accept-Encoding: gzip' http://${VIP}:8080/ | base64`]);

  assert.match(gunzipSync(Buffer.from(raw.stdout, 'base64')).toString(), /"member":"(one|two)"/);
});

test('allowed sources, connections a second from one source and connection limits hold', async () => {
  const limits = { connections: 0, connectionsPerSecond: 0, perSourcePerSecond: 3 };
  await put(
    driver,
    worldOf({
      listeners: [
        site({ allowedSources: ['10.0.0.0/8', '192.0.2.0/24'] }),
        { name: 'rate', port: 8081, members: [one], listener: { limits, allowedSources: ['127.0.0.0/8'] } },
      ],
    }),
  );

  await assert.rejects(get(8080));
  const codes = await Promise.all(
    Array.from({ length: 12 }, () =>
      exec(['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', `http://${VIP}:8081/`]),
    ),
  );
  const served = codes.filter(({ stdout }) => stdout === '200').length;
  assert.ok(served >= 3 && served < 12, `${served} of 12 were served`);
});

test('WebSocket, HTTP/2 in clear text, a body of 200 MB and a slow client pass', async () => {
  await put(driver, worldOf({ listeners: [site(undefined, {}, [one])] }));

  const socket = connect(8080, VIP);
  socket.write(
    'GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1\.1 101/);
  socket.write('ping');
  const [echo] = (await once(socket, 'data')) as [Buffer];
  assert.equal(echo.toString(), 'ping');
  socket.destroy();

  const session = connectH2(`http://${VIP}:8080`);
  const stream = session.request({ ':path': '/h2' });
  const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
  assert.equal(headers[':status'], 200);
  stream.resume();
  session.close();

  const big = await exec(['sh', '-c', `head -c 200000000 /dev/zero | curl -s -T - http://${VIP}:8080/big`], {
    timeoutMs: 60_000,
  });
  assert.equal((JSON.parse(big.stdout) as Told).bytes, 200_000_000);

  const slow = connect(8080, VIP);
  for (const part of ['GET /sl', 'ow HTTP/1.1\r\nHo', 'st: x\r\nConnection: close\r\n', '\r\n']) {
    slow.write(part);
    await new Promise((resume) => setTimeout(resume, 60));
  }
  const [answer] = (await once(slow, 'data')) as [Buffer];
  assert.match(answer.toString(), /^HTTP\/1\.1 200/);
  slow.destroy();
});

test('TCP, PROXY protocol in and out, port ranges and IPv6 pass', async () => {
  const echo = await startEcho('echo');
  await put(
    driver,
    worldOf({
      listeners: [
        { name: 'tcp', port: 8083, members: [echo], listener: { protocol: 'tcp' } },
        { name: 'out', port: 8084, members: [echo], listener: { protocol: 'tcp' }, pool: { sendProxy: 1 } },
        { name: 'out2', port: 8085, members: [echo], listener: { protocol: 'tcp' }, pool: { sendProxy: 2 } },
        {
          name: 'in',
          port: 8086,
          members: [one],
          listener: {
            acceptProxy: true,
            allowedSources: ['198.51.100.0/24'],
            http: { ...HTTP, insertHeaders: ['X-Forwarded-For'] },
          },
        },
        {
          name: 'range',
          port: 8090,
          members: [echo],
          listener: { protocol: 'tcp', ports: [{ from: 8090, to: 8092 }] },
        },
        { name: 'six', port: SIX, members: [one], listener: { vips: ['six'] } },
      ],
    }),
  );

  assert.equal(await say(8083, 'hello'), 'echo\nhello');
  assert.match(await say(8084, 'x'), /^echo\nPROXY TCP4 127\.0\.0\.1 127\.71\.\d+\.\d+ \d+ 8084\r\nx$/);
  assert.match(await say(8085, 'x'), /^echo\n\r\n\r\n\0\r\nQUIT\n!/);
  assert.equal(await say(8092, 'r'), 'echo\nr');
  const inside = await say(8086, 'PROXY TCP4 198.51.100.7 192.0.2.1 5000 80\r\nGET / HTTP/1.0\r\n\r\n');
  assert.match(inside, /"x-forwarded-for":"198\.51\.100\.7"/);
  assert.equal(
    await say(8086, 'PROXY TCP4 203.0.113.7 192.0.2.1 5000 80\r\nGET / HTTP/1.0\r\n\r\n').catch(() => ''),
    '',
  );
  const six = await fetch(`http://[::1]:${SIX}/`);
  assert.equal(((await six.json()) as Told).member, 'one');
});

async function say(port: number, text: string): Promise<string> {
  const socket = connect(port, VIP);
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

test('raw lines reach the frontend as they are', async () => {
  await put(
    driver,
    worldOf({ listeners: [site({ raw: ['http-request return status 299 if { path /raw }'] })] }),
  );

  assert.equal((await get(8080, '/raw')).status, 299);
  assert.equal((await get(8080, '/')).status, 200);
});

test('every way of balancing reaches its members', async () => {
  const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'sh', 'uri', 'header', 'random'] as const;
  await put(
    driver,
    worldOf({
      listeners: [
        ...schedulers.map((scheduler, index) => ({
          name: scheduler,
          port: 8100 + index,
          members: [one, two, three],
          listener: { scheduler, ...(scheduler === 'header' ? { schedulerKey: 'X-User' } : {}) },
        })),
        {
          name: 'sh-port',
          port: 8120,
          members: [one, two, three],
          listener: { scheduler: 'sh', schedulerFlags: ['port'] },
        },
      ],
    }),
  );

  const reached = async (
    port: number,
    path: (i: number) => string,
    headers: (i: number) => Record<string, string>,
  ) => {
    const seen = new Set<string>();
    // One connection each, so that the source port differs.
    for (let i = 0; i < 24; i++)
      seen.add((await get(port, path(i), { headers: { ...headers(i), connection: 'close' } })).told.member);
    return seen.size;
  };
  const same = () => '/';
  const none = () => ({});
  for (const port of [8100, 8101, 8107]) assert.ok((await reached(port, same, none)) >= 2);
  assert.equal(await reached(8104, same, none), 1);
  assert.equal(await reached(8105, same, none), 1);
  assert.ok((await reached(8105, (i) => `/page/${i}`, none)) >= 2);
  assert.equal(await reached(8106, same, () => ({ 'X-User': 'anna' })), 1);
  assert.ok((await reached(8106, same, (i) => ({ 'X-User': `user${i}` }))) >= 2);
  assert.ok((await reached(8120, same, none)) >= 2);
});
