// Members that come at run time, to pools that speak TLS or the PROXY protocol to them: the first one of a pool as well.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect as connectH2, createSecureServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import type { Certificate } from '../../src/model/tls.ts';
import { assertConverged } from '../conformance/converge.ts';
import { named, TestCa } from './haproxy-certificates.ts';
import { Rig } from './haproxy-rig.ts';
import {
  closeMembers,
  HTTP,
  listen,
  poolOf,
  put,
  startEcho,
  startMember,
  VIP,
  type Wanted,
  worldOf,
} from './haproxy-site.ts';

const folder = mkdtempSync(join(tmpdir(), 'sy-haproxy-members-'));
const ca = new TestCa(folder);
const api = ca.issue('api.example.com');
const shop = ca.issue('shop.example.com');
const CERTIFICATES: readonly Certificate[] = [named('shop', shop)];
const rig = new Rig();
const driver = rig.open();
let one = 0;
let echo = 0;

before(async () => {
  one = await startMember('one');
  echo = await startEcho('echo');
});

after(async () => {
  await rig.close();
  await closeMembers();
  rmSync(folder, { recursive: true, force: true });
});

async function say(port: number, text: string | Buffer): Promise<string> {
  const socket = connect(port, VIP);
  socket.end(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** From an empty pool to one with these members, through the socket alone. */
async function comeLater(wanted: Wanted): Promise<void> {
  const world = (members: readonly number[]) =>
    worldOf({ listeners: [{ ...wanted, members }], certificates: CERTIFICATES });
  await put(driver, world([]));
  const { steps } = await put(driver, world(wanted.members));
  assert.deepEqual(
    steps.map(({ how, item }) => `${how} ${item.kind}`),
    wanted.members.map(() => 'runtime member'),
  );
  await assertConverged(driver, world(wanted.members));
}

test('a member that comes at run time is sent the PROXY protocol, version 1 and 2', async () => {
  const tcp = { protocol: 'tcp' } as const;
  await comeLater({ name: 'v1', port: 8084, members: [echo], listener: tcp, pool: { sendProxy: 1 } });
  assert.match(await say(8084, 'x'), /^echo\nPROXY TCP4 127\.0\.0\.1 127\.71\.\d+\.\d+ \d+ 8084\r\nx$/);

  await comeLater({ name: 'v2', port: 8085, members: [echo], listener: tcp, pool: { sendProxy: 2 } });
  const said = Buffer.from(await say(8085, 'x'), 'latin1').subarray('echo\n'.length);
  assert.equal(said.subarray(0, 12).toString('latin1'), '\r\n\r\n\0\r\nQUIT\n');
  // Version 2, command PROXY; TCP over IPv4; twelve bytes of addresses and ports.
  assert.deepEqual([...said.subarray(12, 14)], [0x21, 0x11]);
  assert.deepEqual([...said.subarray(16, 20)], [127, 0, 0, 1]);
  assert.equal(said.readUInt16BE(26), 8085);
});

test('the PROXY protocol of clients is read in version 1 and 2, and a client without it is refused', async () => {
  const listener = { acceptProxy: true, http: { ...HTTP, insertHeaders: ['X-Forwarded-For'] } } as const;
  await put(driver, worldOf({ listeners: [{ name: 'in', port: 8086, members: [one], listener }] }));
  const request = 'GET / HTTP/1.0\r\n\r\n';
  const head = Buffer.from('0d0a0d0a000d0a515549540a2111000cc6336407c00002011388' + '0050', 'hex');
  const six = Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a21210024', 'hex'),
    Buffer.from('20010db8000000000000000000000007' + '20010db8000000000000000000000001' + '13880050', 'hex'),
  ]);

  assert.match(
    await say(8086, `PROXY TCP4 198.51.100.7 192.0.2.1 5000 80\r\n${request}`),
    /"198\.51\.100\.7"/,
  );
  assert.match(await say(8086, Buffer.concat([head, Buffer.from(request)])), /"198\.51\.100\.7"/);
  assert.match(await say(8086, Buffer.concat([six, Buffer.from(request)])), /"2001:db8::7"/);
  assert.doesNotMatch(await say(8086, request).catch(() => ''), /200 OK/);
});

test('a member that comes at run time is spoken to in TLS: verified, by name, with a certificate of ours', async () => {
  const options = {
    cert: readFileSync(api.certificate),
    key: readFileSync(api.key),
    ca: readFileSync(ca.ca.certificate),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const member = await listen(
    createHttpsServer(options, (request, response) => {
      response.end(String((request.socket as TLSSocket).getPeerCertificate().subject.CN));
    }),
  );
  // A connection kept from before a reload is answered once more by the worker it belongs to.
  const closing = { headers: { connection: 'close' } };
  const tls = { verify: true, ca: ca.ca.certificate, certificate: 'shop', sni: 'api.example.com', alpn: [] };

  await comeLater({ name: 'tls', port: 8087, members: [member], pool: { tls } });

  assert.equal(await (await fetch(`http://${VIP}:8087/`, closing)).text(), 'shop.example.com');
  await comeLater({
    name: 'tls',
    port: 8087,
    members: [member],
    pool: { tls: { ...tls, sni: 'other.example.com' } },
  });
  assert.equal((await fetch(`http://${VIP}:8087/`, closing)).status, 503);
});

test('gRPC passes: HTTP/2 on both sides, messages both ways, status in the trailers', async () => {
  const server = createSecureServer({ cert: readFileSync(api.certificate), key: readFileSync(api.key) });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'fine' }));
    stream.write(`${headers[':path']}:`);
    stream.on('data', (chunk: Buffer) => stream.write(chunk));
    stream.on('end', () => stream.end());
  });
  const member = await listen(server as never);
  const tls = { verify: true, ca: ca.ca.certificate, sni: 'api.example.com', alpn: ['h2'] };
  await comeLater({ name: 'grpc', port: 8088, members: [member], pool: { tls } });

  const session = connectH2(`http://${VIP}:8088`);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/shop.Cart/Watch',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let said = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk;
  });
  const trailers = once(stream, 'trailers') as Promise<[Record<string, string>]>;
  for (const message of ['one', 'two', 'three']) {
    stream.write(message);
    // A stream in both directions: what was sent comes back before the next is sent.
    for (let i = 0; i < 200 && !said.endsWith(message); i++)
      await new Promise((resume) => setTimeout(resume, 10));
  }
  stream.end();

  const [{ 'grpc-status': status, 'grpc-message': message }] = await trailers;
  session.close();
  assert.equal(said, '/shop.Cart/Watch:onetwothree');
  assert.deepEqual([status, message], ['0', 'fine']);
});

test('a body of 1 GB passes both ways, and the proxy does not keep it', async () => {
  const bytes = 1_000_000_000;
  const member = await listen(
    createServer((asked, answer) => {
      answer.writeHead(200, { 'content-length': asked.headers['content-length'] });
      asked.pipe(answer);
    }),
  );
  await put(driver, worldOf({ listeners: [{ name: 'big', port: 8089, members: [member] }] }));
  const { exec } = await import('../../lab/process.ts');
  const target = `http://${VIP}:8089/`;

  const { stdout } = await exec(
    [
      'sh',
      '-c',
      `truncate -s ${bytes} ${folder}/big && curl -s -T ${folder}/big -H Expect: ${target} | wc -c`,
    ],
    { timeoutMs: 120_000 },
  );

  assert.equal(Number(stdout), bytes);
  const pid = (await rig.process.workers())[0]!;
  const resident = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
  assert.ok(resident < 300_000, `the worker held ${resident} kB`);
});

test('a member whose answers are bad under real traffic gets none, and comes back when it can be reached', async () => {
  let broken = true;
  let asked = 0;
  const bad = await listen(
    createServer((_, answer) => {
      asked++;
      answer.writeHead(broken ? 500 : 200).end('bad');
    }),
  );
  const watched = async (port: number, retryMs: number) => {
    const passive = { observe: 'answers', errors: 3, retryMs } as const;
    await comeLater({ name: `watch${port}`, port, members: [one, bad], pool: { passive } });
    return async () => (await fetch(`http://${VIP}:${port}/`, { headers: { connection: 'close' } })).status;
  };
  // HAProxy tries by its own clock whether a member can be reached, before it is out as well: not while this lasts.
  const ask = await watched(8090, 3_600_000);

  const codes: number[] = [];
  for (let i = 0; i < 12; i++) codes.push(await ask());

  assert.equal(codes.filter((code) => code === 500).length, 3, codes.join(' '));
  assert.deepEqual(codes.slice(-4), [200, 200, 200, 200]);
  const again = await watched(8091, 1000);
  // In turns, so two good ones in a row say that it is out.
  for (let i = 0, good = 0; i < 100 && good < 2; i++) good = (await again()) === 200 ? good + 1 : 0;
  broken = false;
  const before = asked;
  for (let i = 0; i < 100 && asked === before; i++) {
    await again();
    await new Promise((resume) => setTimeout(resume, 50));
  }
  assert.ok(asked > before, 'it is used again');
});

test('a member that was out when its listener came is ready for good once it is up', async () => {
  const world = (state: 'down' | 'enabled') => {
    const pool = poolOf('late', [one]);
    const members = pool.members.map((member) => ({ ...member, state }));
    return worldOf({ listeners: [{ name: 'late', port: 8099, members: [one], pool: { members } }] });
  };
  await put(driver, world('down'));
  await put(driver, world('enabled'));

  await assertConverged(driver, world('enabled'));
});
