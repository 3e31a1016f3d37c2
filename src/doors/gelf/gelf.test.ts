// GELF against real listeners on loopback: whole, in chunks, over TCP, and while the server is away.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { until } from '../../../lab/until.ts';
import { gelfDatagrams, gelfMessage } from './gelf-message.ts';
import { openGelf } from './gelf-sender.ts';

const ABOUT = { host: 'lb-a', facility: 'lbctl' };
const line = (more: object = {}) => ({
  level: 'warn',
  time: '2026-11-21T03:00:00.250Z',
  msg: 'member changed',
  ...more,
});

/** As a server puts them together (GELF payload specification). */
function together(datagrams: readonly Buffer[]): string {
  const first = datagrams[0]!;
  if (first[0] !== 0x1e) return (first[0] === 0x1f ? gunzipSync(first) : first).toString('utf8');
  const parts = [...datagrams].sort((a, b) => a[10]! - b[10]!);
  assert.ok(
    parts.every(
      (one, i) =>
        one[10] === i && one[11] === parts.length && one.subarray(2, 10).equals(first.subarray(2, 10)),
    ),
  );
  return gunzipSync(Buffer.concat(parts.map((one) => one.subarray(12)))).toString('utf8');
}

test('gelfMessage() has the fields of GELF 1.1, and none that the server keeps for itself', () => {
  const message = JSON.parse(
    gelfMessage(line({ pool: 'web', weight: 3, id: 'x', 'a b': true, none: null, deep: { a: 1 } }), ABOUT),
  );
  assert.deepEqual(message, {
    version: '1.1',
    host: 'lb-a',
    short_message: 'member changed',
    timestamp: 1795230000.25,
    level: 4,
    _pool: 'web',
    _weight: 3,
    _id_: 'x',
    _a_b: 'true',
    _deep: '{"a":1}',
    _facility: 'lbctl',
  });
});

test('gelfDatagrams() gives back any message, in datagrams that fit a packet', () => {
  let chunked = 0;
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), fc.integer({ min: 0, max: 60_000 }), (text, size) => {
      const noise = Array.from({ length: size }, (_, i) => ((i * 2654435761) >>> 7).toString(36))
        .join('')
        .slice(0, size);
      const message = JSON.stringify({ text, noise });
      const datagrams = gelfDatagrams(message)!;
      for (const one of datagrams) assert.ok(one.length <= 1420);
      if (datagrams.length > 1) chunked++;
      assert.equal(together([...datagrams].reverse()), message);
    }),
    { numRuns: 200 },
  );
  assert.ok(chunked > 50, `${chunked} were in chunks`);
});

test('openGelf() sends over UDP to a name of IPv6 alone; a name nobody knows costs lines', async () => {
  const answers = [{ address: '::1', family: 6 }];
  const server = createSocket('udp6');
  const got: Buffer[] = [];
  server.on('message', (datagram) => got.push(datagram));
  server.bind(0, '::1');
  await once(server, 'listening');
  const sender = openGelf(
    { host: 'logs.example.com', port: server.address().port, protocol: 'udp', facility: 'lbctl' },
    'lb-a',
    async () => answers.shift() ?? assert.fail('unknown'),
  );
  const lost = openGelf({ host: 'nowhere', port: 9, protocol: 'udp', facility: 'lbctl' }, 'lb-a', () =>
    Promise.reject(new Error('unknown')),
  );
  try {
    for (let i = 0; i < 3; i++) sender.send(line({ i }));
    lost.send(line());
    for (let i = 0; i < 200 && got.length < 3; i++) await sleep(10);
    assert.deepEqual(
      got.map((one) => JSON.parse(together([one]))._i),
      [0, 1, 2],
    );
    assert.deepEqual([sender.dropped, lost.dropped], [0, 1]);
  } finally {
    await sender.close();
    await lost.close();
    server.close();
  }
});

test('openGelf() sends over UDP, long lines in chunks', async () => {
  const server = createSocket('udp4');
  const got: Buffer[] = [];
  server.on('message', (datagram) => got.push(datagram));
  server.bind(0, '127.0.0.1');
  await once(server, 'listening');
  const sender = openGelf(
    { host: '127.0.0.1', port: server.address().port, protocol: 'udp', facility: 'lbctl' },
    'lb-a',
  );
  try {
    sender.send(line({ pool: 'web' }));
    const noise = Array.from({ length: 2000 }, (_, i) => Math.sin(i).toString(36)).join('');
    sender.send(line({ noise }));
    // The second of two lines; each of its chunks says how many there are.
    await until('all datagrams', () => got.length > 1 && got.length === 1 + got[1]![11]!);
    assert.equal(JSON.parse(together([got[0]!]))._pool, 'web');
    const chunks = got.slice(1);
    assert.ok(chunks.length > 1);
    assert.equal(JSON.parse(together(chunks))._noise, noise);
    assert.equal(sender.dropped, 0);
  } finally {
    await sender.close();
    server.close();
  }
});

test('openGelf() sends over TCP, waits for a server that is away, and comes back when it breaks', async () => {
  const sockets: Socket[] = [];
  let text = '';
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('utf8');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const sender = openGelf({ host: '127.0.0.1', port, protocol: 'tcp', facility: 'lbctl' }, 'lb-a');
  const words = () =>
    text
      .split('\0')
      .filter((one) => one !== '')
      .map((one) => String(JSON.parse(one).short_message));
  const heard = (word: string): Promise<void> => until(word, () => words().includes(word));
  try {
    sender.send(line({ msg: 'while away' }));
    server.listen(port, '127.0.0.1');
    await heard('while away');
    sender.send(line({ msg: 'connected' }));
    await heard('connected');
    for (const socket of sockets.splice(0)) socket.destroy();
    await sleep(100);
    sender.send(line({ msg: 'after a break' }));
    await heard('after a break');
    // Much more than it keeps for a server that reads nothing.
    sockets.at(-1)!.pause();
    const big = 'x'.repeat(200_000);
    for (let i = 0; i < 100; i++) sender.send(line({ msg: `big ${i}`, big }));
    assert.ok(sender.dropped > 10, `${sender.dropped}`);
  } finally {
    await sender.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});
