// InfluxDB: line protocol by table, and pushes to a real HTTP server on loopback that is there, refuses, and is away.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Secret } from '../../lib/secret.ts';
import { openInflux } from './influx-push.ts';
import { lineBatches } from './line-protocol.ts';

test('lineBatches() keeps names, labels and values', () => {
  const text = [
    '# HELP lbctl_x Words',
    'lbctl_x 1',
    'lbctl_y{node="lb-a",vip="a b,c=d"} 2.5',
    'lbctl_z{node="",reason="say \\"hi\\"\\\\"} 1152921504606846976',
    'lbctl_h_bucket{le="+Inf"} 3',
    'lbctl_nan NaN',
    'nonsense',
    '',
  ].join('\n');
  assert.deepEqual([...lineBatches(text, 1_700_000_000_123.7, 3)].flat(), [
    'lbctl_x value=1 1700000000123000000',
    'lbctl_y,node=lb-a,vip=a\\ b\\,c\\=d value=2.5 1700000000123000000',
    'lbctl_z,reason=say\\ "hi"\\  value=1152921504606846976 1700000000123000000',
    'lbctl_h_bucket,le=+Inf value=3 1700000000123000000',
  ]);
});

test('openInflux() pushes in batches with its token, tells failures once, and goes on', async () => {
  const requests: { url: string; token: string; lines: string[] }[] = [];
  let status = 204;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const lines = gunzipSync(Buffer.concat(chunks)).toString('utf8').split('\n');
      requests.push({ url: String(request.url), token: String(request.headers.authorization), lines });
      response
        .writeHead(status)
        .end(status === 204 ? '' : `{"message":"bad ${request.headers.authorization}"}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const states: unknown[] = [];
  const push = openInflux(
    {
      url: `http://127.0.0.1:${port}/`,
      token: new Secret('t0ken-word'),
      org: 'ops & co',
      bucket: 'lb',
      pushIntervalMs: 50,
    },
    {
      read: async () => [
        Buffer.from(Array.from({ length: 6000 }, (_, i) => `lbctl_x{n="${i}"} ${i}`).join('\n')),
      ],
      nowMs: () => 1000,
      onState: (state) => states.push(state),
    },
  );
  const until = async (is: () => boolean): Promise<void> => {
    for (let i = 0; i < 400 && !is(); i++) await sleep(10);
    assert.ok(is());
  };
  try {
    await until(() => push.counts.pushed >= 2);
    status = 401;
    await until(() => push.counts.failed >= 3);
    status = 204;
    const before = push.counts.pushed;
    await until(() => push.counts.pushed > before);
    await push.close();
  } finally {
    server.closeAllConnections();
    server.close();
  }
  assert.equal(requests[0]?.url, '/api/v2/write?org=ops+%26+co&bucket=lb&precision=ns');
  assert.equal(requests[0]?.token, 'Token t0ken-word');
  assert.deepEqual([requests[0]?.lines.length, requests[1]?.lines.length], [5000, 1000]);
  assert.equal(requests[1]?.lines[0], 'lbctl_x,n=5000 value=5000 1000000000');
  assert.deepEqual(states, [
    { ok: true },
    { ok: false, why: 'HTTP status 401: {"message":"bad Token [redacted]"}' },
    { ok: true },
  ]);
});

test('openInflux() lives without a server, and closes at once', async () => {
  const states: { ok: boolean }[] = [];
  const push = openInflux(
    { url: 'http://127.0.0.1:9', token: new Secret('t'), org: 'o', bucket: 'b', pushIntervalMs: 60_000 },
    {
      read: async () => [Buffer.from('lbctl_x 1\n')],
      nowMs: () => 0,
      onState: (state) => states.push(state),
    },
  );
  for (let i = 0; i < 400 && states.length === 0; i++) await sleep(10);
  const began = performance.now();
  await push.close();
  assert.ok(performance.now() - began < 1000);
  assert.deepEqual(
    states.map((one) => one.ok),
    [false],
  );
});
