// A real daemon that speaks to Graylog and InfluxDB, and moves its metrics page with a reload.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { ownLoopback } from '../fixtures/own-loopback.ts';
import { start } from './daemon-process.ts';
import { openShop } from './run-lbctl.ts';

const shop = openShop();
const SECRET = 'influx-t0ken-of-the-test';
const [first, second] = [ownLoopback(74), ownLoopback(75)];

async function until(is: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500 && !is(); i++) await sleep(20);
  assert.ok(is(), what);
}

it('logs to Graylog over UDP and TCP, pushes to InfluxDB, and heeds new settings', async () => {
  const words: string[] = [];
  const take = (text: string): void => {
    words.push(String((JSON.parse(text) as { short_message: string }).short_message));
  };
  const graylog = createSocket('udp4').on('message', (datagram) =>
    take((datagram[0] === 0x1f ? gunzipSync(datagram) : datagram).toString('utf8')),
  );
  graylog.bind(0, '127.0.0.1');
  await once(graylog, 'listening');
  let stream = '';
  const graylogTcp = createTcpServer((socket) => {
    socket
      .on('error', () => undefined)
      .on('data', (chunk) => {
        stream += chunk.toString('utf8');
      });
  }).listen(0, '127.0.0.1');
  await once(graylogTcp, 'listening');
  const points: string[] = [];
  const influx = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      if (request.headers.authorization === `Token ${SECRET}`)
        points.push(...gunzipSync(Buffer.concat(chunks)).toString('utf8').split('\n'));
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(influx, 'listening');
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port;
  const config = (gelf: string, bind: string): string => `
node: { name: lb-a, role: single }
network: { frontend: { interface: lo } }
system: { state_dir: ${join(shop.folder, 'state')}, run_dir: ${join(shop.folder, 'run')} }
logging: { format: json, gelf: ${gelf} }
api: { socket: ${join(shop.folder, 'api.sock')} }
metrics:
  prometheus: { bind: ${bind}, port: 19463 }
  influxdb: { url: "http://127.0.0.1:${portOf(influx)}", token: ${SECRET}, org: ops, bucket: lb, push_interval: 1s }
vips: [{ name: web, address: 192.0.2.10 }]
listeners: [{ name: web, vip: web, port: 80, members: [{ name: w1, address: 127.0.0.1, port: 8080 }] }]
`;
  const path = join(shop.folder, 'config.yaml');
  writeFileSync(path, config(`{ host: 127.0.0.1, port: ${portOf(graylog)} }`, first));
  const daemon = start(path);
  try {
    await daemon.next('ready');
    await until(() => words.includes('ready'), 'a line over UDP');
    await until(
      () =>
        points.some((line) =>
          /^lbctl_health_backend_healthy,node=lb-a,service=web,backend=127\.0\.0\.1:8080 value=1 \d{19}$/.test(
            line,
          ),
        ),
      'a point',
    );
    // A push counts once its answer is there, a moment after its points.
    const pushed = /^lbctl_influxdb_pushes_total\{node="lb-a",result="success"\} [1-9]/m;
    let before = '';
    for (let i = 0; i < 100 && !pushed.test(before); i++) {
      before = await (await fetch(`http://${first}:19463/metrics`)).text();
      await sleep(20);
    }
    assert.match(before, pushed);
    assert.match(before, /^lbctl_gelf_dropped_lines_total\{node="lb-a"\} 0$/m);

    writeFileSync(path, config(`{ host: 127.0.0.1, port: ${portOf(graylogTcp)}, protocol: tcp }`, second));
    daemon.child.kill('SIGHUP');
    await daemon.next('config loaded');
    await until(() => stream.includes('"short_message":"config loaded"'), 'a line over TCP');
    await until(() => daemon.lines.length > 0, 'lines');
    let moved = '';
    for (let i = 0; i < 100 && moved === ''; i++) {
      moved = await fetch(`http://${second}:19463/metrics`).then(
        (answer) => answer.text(),
        () => '',
      );
      await sleep(20);
    }
    assert.match(moved, /^lbctl_build_info/m);
    await assert.rejects(fetch(`http://${first}:19463/metrics`));
    assert.ok(
      ![JSON.stringify(daemon.lines), stream, words.join(' '), moved].some((text) => text.includes(SECRET)),
    );
  } finally {
    daemon.child.kill('SIGTERM');
    const code = await daemon.ended;
    graylog.close();
    graylogTcp.close();
    influx.closeAllConnections();
    influx.close();
    assert.equal(code, 0);
  }
});
