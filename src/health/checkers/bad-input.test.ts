// Every stream checker against every way a member can misbehave: a failed check in time, in bounded memory, with a reason.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { TCP_CHECK } from '../../../test/fixtures/build-intent.ts';
import type { CheckDetail, HealthCheck } from '../../model/health-check.ts';
import { runCheck } from '../run-check.ts';

const TIMEOUT_MS = 400;
/** Ending late by the length of one event of a loaded machine is no fault of a checker. */
const GRACE_MS = 400;
const MAX_GROWTH_BYTES = 96 * 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

async function member(serve: (socket: Socket) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

function flood(socket: Socket, chunk = CHUNK): void {
  while (!socket.destroyed && socket.write(chunk));
  socket.once('drain', () => flood(socket, chunk));
}

function drip(socket: Socket, text: string): void {
  let at = 0;
  const timer = setInterval(() => socket.write(text[at++ % text.length]!), 20);
  socket.on('close', () => clearInterval(timer));
}

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** The kernel would send SYNs for two minutes, and keep a half-closed connection for one: both are far more than this. */
async function drained(wanted: number): Promise<void> {
  for (let i = 0; i < 1000 && descriptors() > wanted; i++) await sleep(10);
  assert.ok(descriptors() <= wanted, `${descriptors() - wanted} descriptors are left`);
}

const requests = [
  { method: 'GET', path: '/', headers: {}, codes: [{ from: 200, to: 299 }], bodyInvert: false },
];
const wantsBody = [{ ...requests[0]!, body: '^healthy$' }];
const tls = { verify: false, alpn: [], minDaysLeft: 0 };
const CHECKS: Readonly<Record<string, CheckDetail>> = {
  tcp: { type: 'tcp', send: 'ping', expect: '^pong$' },
  http: { type: 'http', version: '1.1', requests: wantsBody },
  'http 2': { type: 'http', version: '2', requests: wantsBody },
  https: { type: 'https', version: '1.1', requests, tls },
  'tls-hello': { type: 'tls-hello', tls },
  grpc: { type: 'grpc', service: '' },
  smtp: { type: 'smtp', helo: 'lb', startTls: false },
  dns: { type: 'dns', name: 'a.example', record: 'A', transport: 'tcp', rcode: 'NOERROR', answers: [] },
};

/** With one that passes wherever a connection is accepted. */
const ALL: Readonly<Record<string, CheckDetail>> = { ...CHECKS, 'tcp, connecting only': { type: 'tcp' } };

const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

const MISBEHAVIOURS: Readonly<
  Record<string, { readonly serve: (socket: Socket) => void; readonly reason: RegExp }>
> = {
  'accepts and stays silent (half-open)': {
    serve: (socket) => void socket.resume(),
    reason: /^Timed out waiting for/,
  },
  'resets at once': {
    serve: (socket) => void socket.resetAndDestroy(),
    reason: /reset by the member|closed the connection|before|ended/i,
  },
  'closes at once': {
    serve: (socket) => void socket.resume().end(),
    reason: /closed|before|ended|without/i,
  },
  'sends a byte now and then (slow-loris)': {
    serve: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX-A: b\r\n'),
    reason: /Timed out|TLS|no HTTP|closed|answer|banner|greeting|no HTTP\/2|gRPC/i,
  },
  'sends without end (huge banner)': {
    serve: (socket) => flood(socket),
    reason: /Timed out|TLS|no HTTP|too long|more than|without end|closed|answer|no HTTP\/2|bytes|match|gRPC/i,
  },
  'sends a body without end': {
    serve: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      flood(socket);
    },
    reason: /match|Timed out|TLS|closed|answer|no HTTP\/2|bytes|too long|more than|gRPC/i,
  },
  'sends a gzip bomb': {
    serve: (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.resume().end(bomb);
    },
    reason: /match|Timed out|TLS|closed|answer|no HTTP\/2|bytes|too long|more than|gRPC/i,
  },
  'sends headers without end': {
    serve: (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      flood(socket, Buffer.from('X-Header: more\r\n'.repeat(4096)));
    },
    reason: /no HTTP|Timed out|TLS|closed|answer|no HTTP\/2|bytes|match|too long|more than|gRPC/i,
  },
  'answers a TLS hello with a broken record (invalid TLS)': {
    serve: (socket) => void socket.once('data', () => socket.end(Buffer.from('1603030002ffff', 'hex'))),
    reason: /TLS|no HTTP|closed|answer|before|ended|no HTTP\/2|match|Timed out|gRPC/i,
  },
};

for (const [behaviour, { serve, reason }] of Object.entries(MISBEHAVIOURS))
  test(`every checker fails a member that ${behaviour}, in time and with a reason, and leaves nothing behind`, async () => {
    const port = await member(serve);
    const open = descriptors();
    const before = process.memoryUsage().rss;
    const told = await Promise.all(
      Object.entries(CHECKS).map(async ([name, detail]) => {
        const check = { ...TCP_CHECK, timeoutMs: TIMEOUT_MS, ...detail } as HealthCheck;
        const result = await runCheck(check, { address: '127.0.0.1', port }, new AbortController().signal);
        return { name, ...result };
      }),
    );
    const grown = process.memoryUsage().rss - before;

    for (const { name, ok, error = '', latencyMs } of told) {
      assert.equal(ok, false, `${name} passed`);
      assert.ok(latencyMs < TIMEOUT_MS + GRACE_MS, `${name} took ${latencyMs} ms`);
      assert.match(error, reason, `${name}: ${error}`);
      assert.ok(error.length < 300, `${name}: a reason of ${error.length} characters`);
    }
    assert.ok(grown < MAX_GROWTH_BYTES, `grew by ${grown} bytes`);
    await drained(open);
  });

test('every checker leaves nothing behind when a member never answers its SYN', async () => {
  const script = `const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    () => console.log(server.address().port))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const fillers: Socket[] = [];
  try {
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const port = Number(line);
    // It accepts no more: the kernel fills its queue for it, and then drops what comes.
    child.kill('SIGSTOP');
    for (let i = 0; i < 4; i++) fillers.push(connect(port, '127.0.0.1').on('error', () => {}));
    await Promise.all(fillers.slice(0, 2).map((one) => one.connecting && once(one, 'connect')));
    const before = descriptors();
    const told = await Promise.all(
      Object.entries(ALL).map(([, detail]) => {
        const check = { ...TCP_CHECK, timeoutMs: TIMEOUT_MS, ...detail } as HealthCheck;
        return runCheck(check, { address: '127.0.0.1', port }, new AbortController().signal);
      }),
    );

    for (const { error } of told) assert.match(error ?? 'passed', /^Timed out waiting for /);
    await drained(before);
  } finally {
    for (const one of fillers) one.destroy();
    child.kill('SIGKILL');
  }
});

test('every checker says that a connection was refused, and that a name does not resolve', async () => {
  const port = await member(() => {});
  const server = servers.pop()!;
  server.close();
  await once(server, 'close');
  for (const [name, detail] of Object.entries(ALL)) {
    const check = { ...TCP_CHECK, timeoutMs: 2000, ...detail } as HealthCheck;
    const ask = (address: string) => runCheck(check, { address, port }, new AbortController().signal);
    assert.equal((await ask('127.0.0.1')).error, 'Connection refused', name);
    assert.match((await ask('no-such-host.invalid')).error ?? '', /does not (resolve|answer)/, name);
  }
});
